import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Caller } from "../identity/caller.ts";
import { Secret } from "../secret.ts";
import type { Access } from "./access.ts";
import { Rechecks } from "./rechecks.ts";

const EVERY_MS = 30_000;
const clock = { now: () => 1_000_000 };
const user = { uid: undefined, groups: [], extra: {} };

const sessionOf = (name: string, expiresAt = 2_000_000): Caller => ({
  ...user,
  username: name,
  expiresAt,
  claims: { issuer: "https://id.example", claims: { sub: name }, expiresAt },
});

/**
 * Re-checks these callers' streams once, by so many reviews; users named "gone" have lost their right. Returns for whom
 * the authenticator was asked, and whose streams were stopped.
 */
async function recheck(callers: readonly Caller[], reviews: number) {
  const waits = createWaits();
  const asked: string[] = [];
  const authenticator: Authenticator = {
    async authenticate(credential) {
      if (credential === undefined) throw new Error("There is nothing to authenticate.");
      const username = credential instanceof Secret ? credential.reveal() : String(credential.claims.sub);
      asked.push(username);
      return { ...user, username };
    },
  };
  const access = { afresh: () => access } as unknown as Access;
  const rechecks = new Rechecks({ authenticator, access, clock, sleep: waits.wait, everyMs: EVERY_MS });
  const stopped: string[] = [];
  const ends = callers.map((caller) =>
    rechecks.add({ stop: () => void stopped.push(caller.username) }, caller, {
      key: "run",
      may: async ({ username }) => username !== "gone",
    }),
  );
  await waits.until((ms) => ms === EVERY_MS, reviews);
  waits.pass((ms) => ms === EVERY_MS);
  await expect.poll(() => asked.length >= reviews && stopped.length > 0).toBe(true);
  for (const end of ends) end();
  return { asked: asked.sort(), stopped };
}

describe("re-checks of sessions without a token", () => {
  it("decide for each user alone", async () => {
    const { asked, stopped } = await recheck([sessionOf("ann"), sessionOf("gone"), sessionOf("bob")], 3);
    expect([asked, stopped]).toEqual([["ann", "bob", "gone"], ["gone"]]);
  });

  it("are shared by the streams of one session, and not by sessions that expire at another time", async () => {
    const { asked } = await recheck([sessionOf("gone"), sessionOf("gone"), sessionOf("gone", 3_000_000)], 2);
    expect(asked).toEqual(["gone", "gone"]);
  });
});
