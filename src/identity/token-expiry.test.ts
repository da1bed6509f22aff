import { describe, expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { expiryOf } from "./token-expiry.ts";

const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

describe("when a token expires", () => {
  it("is told by a JWT in its claim exp, in seconds", () => {
    expect(expiryOf(new Secret(jwt({ exp: 1_767_312_000 })))).toBe(Date.parse("2026-01-02T00:00:00Z"));
  });

  it.each(["", "opaque", "a.b.c", jwt({}), jwt({ exp: "soon" }), jwt({ exp: -1 }), jwt({ exp: 1e300 }), jwt(null)])(
    "is not told by %j",
    (token) => {
      expect(expiryOf(new Secret(token))).toBeUndefined();
    },
  );
});
