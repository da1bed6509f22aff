import { expect, it } from "vitest";
import { cleanToken, strangeCharacter } from "./clean-token.ts";

const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl";

it.each([
  [TOKEN, TOKEN],
  [` ${TOKEN}\n`, TOKEN],
  [`Bearer ${TOKEN}`, TOKEN],
  [`authorization: bearer ${TOKEN}`, TOKEN],
  ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIi OiJqYW5lIn0.c2ln\r\n  bmF0dXJl", TOKEN],
  ["eyJhbGciOiJSUzI1NiJ9.\u200beyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl\ufeff", TOKEN],
  [" \n", ""],
])("cleans the token %j", (pasted, token) => {
  expect(cleanToken(pasted)).toBe(token);
});

it("tells which character no token has", () => {
  expect(strangeCharacter("eyJhbGciOiJSUzI1NiJ9…c2ln")).toBe("…");
  expect(strangeCharacter("••••••")).toBe("•");
  expect(strangeCharacter(TOKEN)).toBeUndefined();
});
