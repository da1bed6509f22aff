import { describe, expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { createSessions } from "./sealed-session.ts";

const NOW = 1_000_000;
const clock = { time: NOW, now: () => clock.time };
const sessionsOf = (...keys: string[]) => createSessions({ keys: keys.map((key) => new Secret(key)), clock });
const session = { token: new Secret("t0ken"), expiresAt: NOW + 1_000 };

describe("a sealed session", () => {
  it("can be opened with the key, and does not reveal the token", async () => {
    const sealed = await sessionsOf("a", "b").seal(session);
    const opened = await sessionsOf("z", "a").open(sealed);
    expect([opened?.token.reveal(), opened?.expiresAt]).toEqual(["t0ken", NOW + 1_000]);
    for (const part of sealed.split("."))
      expect(Buffer.from(part, "base64url").toString("latin1")).not.toContain("t0ken");
    expect(await sessionsOf("a").seal(session)).not.toBe(sealed);
  });

  it("cannot be opened with another key, or after any change", async () => {
    const sealed = await sessionsOf("a").seal(session);
    expect(await sessionsOf("b").open(sealed)).toBeUndefined();
    for (const [at, part] of sealed.split(".").entries()) {
      const parts = sealed.split(".");
      parts[at] = part === "" ? "AA" : `${part.startsWith("A") ? "B" : "A"}${part.slice(1)}`;
      expect(await sessionsOf("a").open(parts.join("."))).toBeUndefined();
    }
    for (const rubbish of ["", ".", "a.b.c.d.e", sealed.slice(0, -1)]) {
      expect(await sessionsOf("a").open(rubbish)).toBeUndefined();
    }
  });

  it("cannot be opened once it has expired", async () => {
    const sealed = await sessionsOf("a").seal(session);
    clock.time = NOW + 999;
    expect(await sessionsOf("a").open(sealed)).toBeDefined();
    clock.time = NOW + 1_000;
    expect(await sessionsOf("a").open(sealed)).toBeUndefined();
    clock.time = NOW;
  });
});
