import { describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import type { CodeFlow, Grant } from "../identity/code-flow.ts";
import { Secret } from "../secret.ts";
import { createRenewals } from "./renewals.ts";
import type { OpenedSession } from "./sealed-session.ts";

const ISSUER = "https://idp.example.com";

function world() {
  const clock = { time: Date.parse("2026-01-01T00:00:00Z"), now: () => clock.time };
  const gate = createGate();
  const refreshed: string[] = [];
  const refresh = async (token: Secret): Promise<Grant> => {
    refreshed.push(token.reveal());
    await gate.opened;
    return { claims: undefined, refreshToken: new Secret(`next-${refreshed.length}`) };
  };
  const flow = { name: "corp", issuer: ISSUER, refresh } as unknown as CodeFlow;
  const renewals = createRenewals([flow], clock);
  const renew = () =>
    renewals.renew({
      kind: "claims",
      issuer: ISSUER,
      claims: { sub: "ann" },
      refreshToken: new Secret("once"),
      expiresAt: clock.time,
      endsAt: clock.time + 3_600_000,
      hasExpired: false,
    } as OpenedSession);
  const tokenOf = async (session: ReturnType<typeof renew>): Promise<string | undefined> => {
    const renewed = await session;
    return renewed.kind === "claims" ? renewed.refreshToken?.reveal() : undefined;
  };
  return { clock, gate, refreshed, renew: () => tokenOf(renew()) };
}

describe("a refresh token that works once", () => {
  it("is sent once by all who ask while the provider takes its time, however long", async () => {
    const { clock, gate, refreshed, renew } = world();
    const first = renew();
    clock.time += 25_000;
    const second = renew();
    gate.open();
    expect(await Promise.all([first, second])).toEqual(["next-1", "next-1"]);
    expect(refreshed).toEqual(["once"]);
  });

  it("has its answer for a browser that lost it and asks again", async () => {
    const { clock, gate, refreshed, renew } = world();
    gate.open();
    await renew();
    clock.time += 60_000;
    expect(await renew()).toBe("next-1");
    expect(refreshed).toHaveLength(1);
    clock.time += 120_000;
    await renew();
    expect(refreshed).toHaveLength(2);
  });
});
