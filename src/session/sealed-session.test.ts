import { describe, expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { createSessions, isRenewable } from "./sealed-session.ts";

const NOW = 1_000_000;
const clock = { time: NOW, now: () => clock.time };
const sessionsOf = (...keys: string[]) => createSessions({ keys: keys.map((key) => new Secret(key)), clock });
const session = { kind: "token", token: new Secret("t0ken"), expiresAt: NOW + 500, endsAt: NOW + 1_000 } as const;
const claimed = {
  kind: "claims",
  issuer: "https://id.example",
  claims: { sub: "7", groups: ["devops"] },
  refreshToken: new Secret("t0ken"),
  expiresAt: NOW + 500,
  endsAt: NOW + 1_000,
} as const;

describe("a sealed session", () => {
  it("can be opened with the key, and does not reveal the token", async () => {
    const sealed = await sessionsOf("a", "b").seal(session);
    const opened = await sessionsOf("z", "a").open(sealed);
    expect(opened?.kind === "token" && opened.token.reveal()).toBe("t0ken");
    expect(opened).toMatchObject({ expiresAt: NOW + 500, endsAt: NOW + 1_000, hasExpired: false });
    for (const part of sealed.split("."))
      expect(Buffer.from(part, "base64url").toString("latin1")).not.toContain("t0ken");
    expect(await sessionsOf("a").seal(session)).not.toBe(sealed);
  });

  it("holds what a provider said of its user, and its refresh token", async () => {
    for (const made of [claimed, { ...claimed, refreshToken: undefined }]) {
      const opened = await sessionsOf("a").open(await sessionsOf("a").seal(made));
      expect(opened).toEqual({ ...made, hasExpired: false });
      expect(opened?.kind === "claims" && opened.refreshToken?.reveal()).toBe(made.refreshToken?.reveal());
    }
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

  it("has expired before it ends, and cannot be opened then", async () => {
    const sealed = await sessionsOf("a").seal(session);
    clock.time = NOW + 499;
    expect(await sessionsOf("a").open(sealed)).toMatchObject({ hasExpired: false });
    clock.time = NOW + 500;
    expect(await sessionsOf("a").open(sealed)).toMatchObject({ hasExpired: true });
    clock.time = NOW + 1_000;
    expect(await sessionsOf("a").open(sealed)).toBeUndefined();
    clock.time = NOW;
  });

  it("can be renewed while it has not expired, or by a refresh token", () => {
    const without = { ...claimed, refreshToken: undefined };
    for (const [made, hasExpired, renewable] of [
      [session, false, true],
      [session, true, false],
      [claimed, true, true],
      [without, false, true],
      [without, true, false],
    ] as const) {
      expect(isRenewable({ ...made, hasExpired })).toBe(renewable);
    }
  });
});
