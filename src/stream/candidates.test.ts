import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { literalsOf, requiredLiterals } from "./candidates.ts";

const literals = (pattern: string) => requiredLiterals(RE2JS.compile(pattern));

describe("requiredLiterals", () => {
  it.each([
    ["ERROR|FATAL", ["ERROR", "FATAL"]],
    ["status=5\\d\\d", ["status=5"]],
    ["timeout after \\d+ms", ["timeout after "]],
    ["(?:foo|bar)+x.*", ["foo", "bar"]],
    ["(?:a.*longer|bc)y", ["longer", "bc"]],
  ])("finds the literals that %s requires", (pattern, wanted) => {
    expect(literals(pattern)).toEqual(wanted);
  });

  it.each(["\\d+", "(?:foo)?", "foo|\\d", "(?i)foo", ".*"])("finds no literal that %s requires", (pattern) => {
    expect(literals(pattern)).toBeUndefined();
  });

  it("ignores unknown nodes", () => {
    for (const other of [undefined, null, {}, { type: 1 }, { type: 3 }, { type: 9, subs: [] }]) {
      expect(literalsOf(other)).toBeUndefined();
    }
  });
});
