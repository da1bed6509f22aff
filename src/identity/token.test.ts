import { describe, expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { bearerToken, expiryOf } from "./token.ts";

const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

describe("bearerToken", () => {
  it.each([
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["BEARER abc", "abc"],
    ["Bearer   abc", "abc"],
    ["Bearer abc  ", "abc"],
    ["Bearer a.b-c_d~e+f/g=", "a.b-c_d~e+f/g="],
    ["Bearer Bearer", "Bearer"],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["", undefined],
    [" Bearer abc", undefined],
    ["Bearerabc", undefined],
    ["Bearer\tabc", undefined],
    ["Bearer a b", undefined],
    ["Bearer a, Bearer b", undefined],
    ["Bearer a,b", undefined],
    ["Basic YTpi", undefined],
    ["abc", undefined],
    ["Token Bearer abc", undefined],
    [null, undefined],
    [undefined, undefined],
  ])("takes out of %j the token %j", (header, token) => {
    expect(bearerToken(header)?.reveal()).toBe(token);
  });

  it("takes no time for a header of spaces", () => {
    const began = performance.now();
    expect(bearerToken(`Bearer ${" ".repeat(30_000)},`)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe("expiryOf", () => {
  it("reads the claim exp of a JWT, in seconds", () => {
    expect(expiryOf(new Secret(jwt({ exp: 1_767_312_000 })))).toBe(Date.parse("2026-01-02T00:00:00Z"));
  });

  it.each(["", "opaque", "a.b.c", jwt({}), jwt({ exp: "soon" }), jwt({ exp: -1 }), jwt({ exp: 1e300 }), jwt(null)])(
    "finds no expiry in %j",
    (token) => {
      expect(expiryOf(new Secret(token))).toBeUndefined();
    },
  );
});
