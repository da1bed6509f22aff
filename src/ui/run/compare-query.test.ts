import fc from "fast-check";
import { expect, it } from "vitest";
import { compareValue, parseCompare, withCompare } from "./compare-query.ts";

it("parses back the value of any target", () => {
  const run = fc.oneof(fc.constant(""), fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,40}[a-z0-9])?$/));
  fc.assert(
    fc.property(run, fc.integer({ min: 1, max: 999_999_999 }), fc.webQueryParameters(), (name, attempt, others) => {
      const target = { run: name, attempt };
      const search = withCompare(`?${others}`, compareValue(target));
      expect(parseCompare(search)).toEqual(target);
      expect(parseCompare(withCompare(search, undefined))).toBeUndefined();
    }),
  );
});

it("keeps the rest of the query, and needs no percent-encoding", () => {
  expect(withCompare("?q=a+b&wrap=1", "1")).toBe("q=a+b&wrap=1&cmp=1");
  expect(withCompare("", compareValue({ run: "uat.01kk-x.447ed5f", attempt: 2 }))).toBe("cmp=uat.01kk-x.447ed5f.a2");
  expect(withCompare("?cmp=1&q=x", undefined)).toBe("q=x");
  expect(parseCompare("?cmp=1")).toBe("any");
  expect(parseCompare("?cmp=a2.a1")).toEqual({ run: "a2", attempt: 1 });
  expect(parseCompare("?cmp=uat.1.a0")).toEqual({ run: "uat.1", attempt: 0 });
});

it.each([
  "",
  "?cmp=",
  "?cmp=0",
  "?cmp=2",
  "?cmp=a0",
  "?cmp=.a1",
  "?cmp=a-1",
  "?cmp=A.a1",
  "?cmp=../x.a1",
  "?cmp=x/y.a1",
  "?cmp=a1x",
])("finds no target in %j", (search) => {
  expect(parseCompare(search)).toBeUndefined();
});
