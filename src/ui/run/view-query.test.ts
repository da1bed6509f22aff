import fc from "fast-check";
import { expect, it } from "vitest";
import { DEFAULT_VIEW, type ViewState } from "../viewer/view-state.ts";
import { viewOf, viewQuery } from "./view-query.ts";

it("parses back the query of any view", () => {
  const view: fc.Arbitrary<ViewState> = fc.record({
    q: fc.string({ unit: "grapheme", maxLength: 50 }),
    re: fc.boolean(),
    ci: fc.boolean(),
    only: fc.boolean(),
    ctx: fc.integer({ min: 0, max: 100 }),
    sev: fc.constantFrom("all", "warn", "error"),
    ts: fc.constantFrom("raw", "local", "utc", "rel", "delta"),
    wrap: fc.boolean(),
  });
  fc.assert(
    fc.property(view, fc.boolean(), (given, wraps) => {
      expect(viewOf(viewQuery(given, wraps), wraps)).toEqual(given);
    }),
  );
});

it("leaves defaults out of the query", () => {
  expect(viewQuery(DEFAULT_VIEW, false)).toBe("");
  expect(viewQuery({ ...DEFAULT_VIEW, q: "a b", wrap: true }, false)).toBe("q=a+b&wrap=1");
  expect(viewQuery({ ...DEFAULT_VIEW, wrap: false }, true)).toBe("wrap=0");
});

it.each(["?ctx=-1&ts=never&sev=bad&re=yes", "?ctx=1e9", "?ctx=x", "?%E0%A4%A", "?q=", "?stage=uat"])(
  "ignores invalid values: %s",
  (search) => {
    expect(viewOf(search, false)).toEqual(DEFAULT_VIEW);
  },
);
