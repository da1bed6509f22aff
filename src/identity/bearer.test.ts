import { describe, expect, it } from "vitest";
import { bearerToken } from "./bearer.ts";

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

  it("is done in no time with a header of spaces", () => {
    const began = performance.now();
    expect(bearerToken(`Bearer ${" ".repeat(30_000)},`)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(500);
  });
});
