import { expect, it } from "vitest";
import { unsigned } from "../../../test/fakes/scripted-provider.ts";
import { expiryOf } from "./token-claims.ts";

it.each([
  [1_767_225_600, "2026-01-01T00:00:00.000Z"],
  [1e300, "+275760-09-13T00:00:00.000Z"],
])("a token that expires at %d can be told as a date", (exp, date) => {
  expect(new Date(expiryOf(unsigned({ exp })) ?? Number.NaN).toISOString()).toBe(date);
});
