import { errors } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { createSigningKey } from "../../test/fakes/scripted-provider.ts";
import { ProviderFault } from "./provider-fault.ts";
import { type KeySet, ProviderKeys } from "./provider-keys.ts";
import type { PublicKey } from "./provider-metadata.ts";

const FIRST = createSigningKey("first", "ES256").jwk as PublicKey;
const SECOND = createSigningKey("second", "ES256").jwk as PublicKey;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let clock: { time: number; now(): number };
beforeEach(() => {
  clock = { time: 1_000_000, now: () => clock.time };
});

/** Keys whose provider answers as the test says, and counts how often it was asked. */
function keysOf(answer: () => readonly PublicKey[] | Promise<readonly PublicKey[]>) {
  const world = { asked: 0, answer, changes: [] as string[] };
  const keys = new ProviderKeys({
    name: "corp",
    clock,
    onChange: (fault) => world.changes.push(fault === undefined ? "up" : "down"),
    metadata: {
      readKeys: async () => {
        world.asked += 1;
        return world.answer();
      },
    },
  });
  /** Verifies a token of this key. */
  const use = (kid: string) =>
    keys.verify(
      async (set: KeySet) => {
        await set({ alg: "ES256", kid });
        return kid;
      },
      (error) => error instanceof errors.JWKSNoMatchingKey,
    );
  const down = (message = "refused the connection") => {
    world.answer = () => {
      throw new ProviderFault(message);
    };
  };
  return { world, keys, use, down };
}

describe("the keys of a provider", () => {
  it("are read when the first token comes, once for all that wait, and kept for five minutes", async () => {
    const gate = createGate<readonly PublicKey[]>();
    const { world, use } = keysOf(() => gate.opened);
    const waiting = [use("first"), use("first")];
    gate.open([FIRST]);
    expect(await Promise.all(waiting)).toEqual(["first", "first"]);
    clock.time += 5 * MINUTE;
    await use("first");
    expect(world.asked).toBe(1);
    clock.time += 1;
    await use("first");
    expect(world.asked).toBe(2);
  });

  it("that are new are found as soon as a token has one", async () => {
    const { world, use } = keysOf(() => [FIRST]);
    await use("first");
    world.answer = () => [FIRST, SECOND];
    clock.time += 10_000;
    expect(await use("second")).toBe("second");
    expect(world.asked).toBe(2);
  });

  it("that were withdrawn are refused after five minutes", async () => {
    const { world, use } = keysOf(() => [FIRST]);
    await use("first");
    world.answer = () => [SECOND];
    clock.time += 5 * MINUTE + 1;
    await expect(use("first")).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
  });

  it("are read at most every ten seconds for tokens of unknown keys", async () => {
    const { world, use } = keysOf(() => [FIRST]);
    await use("first");
    for (let second = 0; second < 60; second += 1) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          expect(use(`${second}-${index}`)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey),
        ),
      );
      expect(await use("first")).toBe("first");
      clock.time += 1_000;
    }
    expect(world.asked).toBe(6);
  });

  it("stay good for a day while the provider is down, and it is asked every five seconds", async () => {
    const { world, keys, use, down } = keysOf(() => [FIRST]);
    await use("first");
    down();
    clock.time += 5 * MINUTE + 1;
    expect(await use("first")).toBe("first");
    expect(world.asked).toBe(2);
    for (let second = 0; second < 20; second += 1) {
      expect(await use("first")).toBe("first");
      clock.time += 1_000;
    }
    expect(world.asked).toBe(5);
    expect(world.changes).toEqual(["down"]);
    clock.time += 23 * HOUR;
    expect(await use("first")).toBe("first");
    clock.time += HOUR;
    await expect(use("first")).rejects.toMatchObject({
      kind: "unavailable",
      reason: "IDENTITY_PROVIDER_UNAVAILABLE",
      message: 'The identity provider "corp" is not available, so your token cannot be verified.',
    });
    expect(keys.health).toMatchObject({ keys: 1, lastFailure: { at: clock.time, message: "refused the connection" } });
  });

  it("that are old do not make anybody wait for a provider that is down", async () => {
    const { world, use, down } = keysOf(() => [FIRST]);
    await use("first");
    down();
    clock.time += 5 * MINUTE + 1;
    await use("first");
    const gate = createGate<readonly PublicKey[]>();
    world.answer = () => gate.opened;
    clock.time += 5_000;
    expect(await use("first")).toBe("first");
    expect(world.asked).toBe(3);
    gate.open([SECOND]);
    await expect.poll(() => use("second").catch(() => "")).toBe("second");
    await expect(use("first")).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
  });

  it("that are unknown cannot be refused while the provider is down", async () => {
    const { world, use, down } = keysOf(() => [FIRST]);
    await use("first");
    down();
    clock.time += 10_000;
    await expect(use("second")).rejects.toMatchObject({ reason: "IDENTITY_PROVIDER_UNAVAILABLE" });
    await expect(use("second")).rejects.toMatchObject({ reason: "IDENTITY_PROVIDER_UNAVAILABLE" });
    expect(world.asked).toBe(2);
    world.answer = () => [FIRST, SECOND];
    clock.time += 5_000;
    expect(await use("second")).toBe("second");
  });

  it("that never could be read are asked for again after five seconds", async () => {
    const { world, keys, use, down } = keysOf(() => []);
    down("publishes no keys");
    for (let time = 0; time < 3; time += 1) {
      await expect(use("first")).rejects.toMatchObject({ reason: "IDENTITY_PROVIDER_UNAVAILABLE" });
    }
    expect(world.asked).toBe(1);
    expect(keys.health).toEqual({
      keys: 0,
      lastSuccessAt: undefined,
      lastFailure: { at: clock.time, message: "publishes no keys" },
    });
    world.answer = () => [FIRST];
    clock.time += 5_000;
    expect(await use("first")).toBe("first");
    expect(keys.health).toEqual({ keys: 1, lastSuccessAt: clock.time, lastFailure: undefined });
    expect(world.changes).toEqual(["down", "up"]);
  });

  it("are not kept for longer when the clock is set back", async () => {
    const { world, use, down } = keysOf(() => [FIRST]);
    await use("first");
    clock.time -= 48 * HOUR;
    await use("first");
    down();
    clock.time += 24 * HOUR + 1;
    await expect(use("first")).rejects.toMatchObject({ reason: "IDENTITY_PROVIDER_UNAVAILABLE" });
    expect(world.asked).toBe(2);
  });

  it("tell no words of others when they cannot be read", async () => {
    const { world, keys, use } = keysOf(() => [FIRST]);
    world.answer = () => {
      throw new Error("connect ECONNREFUSED 10.0.0.1:443");
    };
    await expect(use("first")).rejects.toMatchObject({ reason: "IDENTITY_PROVIDER_UNAVAILABLE" });
    expect(keys.health.lastFailure?.message).toBe("could not be read");
  });
});
