import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { stripEscapes } from "./escape-sequences.ts";
import { createLineMatcher, type Pattern } from "./line-matcher.ts";
import { PatternError } from "./pattern-error.ts";
import { searchedLine } from "./shown-line.ts";

/** The numbers of the lines that match, from 0. */
function matching(pattern: Pattern | string, lines: string): number[] {
  const matcher = createLineMatcher(
    typeof pattern === "string" ? { pattern, fixed: false, ignoreCase: false } : pattern,
  );
  const bytes = Buffer.from(lines);
  const hits = matcher.search(bytes);
  const found: number[] = [];
  for (let at = 0, number = 0; at < bytes.length; number += 1) {
    const feed = bytes.indexOf(10, at);
    const end = feed === -1 ? bytes.length : feed + 1;
    let hit = hits.next(at);
    while (hit < 0) hit = hits.next(~hit);
    if (hit < end) found.push(number);
    at = end;
  }
  return found;
}
const stripped = (line: string): string => {
  const into = Buffer.alloc(Buffer.byteLength(line));
  return into.subarray(0, stripEscapes(Buffer.from(line), into)).toString();
};
const fixed = (pattern: string, ignoreCase = false): Pattern => ({ pattern, fixed: true, ignoreCase });
const fault = (pattern: string): string => {
  try {
    createLineMatcher({ pattern, fixed: false, ignoreCase: false });
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
  throw new Error(`${pattern} was taken.`);
};

describe("createLineMatcher", () => {
  it("matches a fixed string literally", () => {
    expect(matching(fixed("a.b*"), "aab\nxa.b*x\na.b\n")).toEqual([1]);
    expect(matching(fixed("É"), "é\nÉ\n")).toEqual([1]);
  });

  it("ignores case by Unicode folding if requested", () => {
    expect(matching(fixed("größe", true), "GRÖSSE\nGRÖßE\ngröße\ngroße\n")).toEqual([1, 2]);
    // The Kelvin sign and the long s are k and s to Unicode.
    expect(matching(fixed("ask", true), "ASK\na\u017f\u212a\nasx\n")).toEqual([0, 1]);
    expect(matching("(?i)ask|é", "ASK\na\u017f\u212a\nÉ\nx\n")).toEqual([0, 1, 2]);
    expect(matching({ pattern: "E(rr|xc)", fixed: false, ignoreCase: true }, "eRR\nEXC\ner\n")).toEqual([0, 1]);
  });

  it("matches each line separately, without its line feed and the carriage return before it", () => {
    expect(matching("^b$", "a\nb\nc")).toEqual([1]);
    expect(matching("^$", "a\n\n\nb\n")).toEqual([1, 2]);
    expect(matching("a\\nb", "a\nb\n")).toEqual([]);
    expect(matching("a[^x]b", "a\nb\n")).toEqual([]);
    expect(matching("b$", "b\r\nb\nb\r")).toEqual([0, 1, 2]);
    expect(matching("b\\r$", "b\r\nb\n")).toEqual([]);
    expect(matching("^$", "\r\na\n")).toEqual([0]);
  });

  it("matches what a line shows in the end", () => {
    const lines = "retry: ERROR 503\rretry: ok\nSolving: |\b/\b-\bdone\n\x1b[31mFAIL\x1b[m\x0f refund\nERROR\n";
    expect(matching("ERROR", lines)).toEqual([3]);
    expect(matching("retry: ok", lines)).toEqual([0]);
    expect(matching("^Solving: done$", lines)).toEqual([1]);
    expect(matching(fixed("FAIL refund"), lines)).toEqual([2]);
    expect(matching("gone", "gone\x1b[2Kleft\n")).toEqual([]);
  });

  it("matches characters, not bytes, with a dot", () => {
    expect(matching("^..$", "éé\né\n日本\n😀😀\n")).toEqual([0, 2, 3]);
  });

  it("ignores colours and other escape sequences, also in the middle of a text", () => {
    const lines =
      "\x1b[31mERR\x1b[0mOR x\nERROR\n\x1b]8;;http://ERROR\x07link\x1b]8;;\x1b\\\nERR\x1b[1;38;5;2mX\nE\x1b(BRROR\n";
    for (const pattern of [fixed("ERROR"), fixed("error", true), "^ERROR", "(?i)^error"]) {
      expect(matching(pattern, lines)).toEqual([0, 1, 4]);
    }
    expect(matching("^$", "\x1b[0m\nx\n")).toEqual([0]);
    expect(matching("m", "\x1b[0m\n")).toEqual([]);
  });

  it("scans a hundred thousand unfinished escape sequences once", () => {
    expect(matching("^x*]+$", `${"\x1b]".repeat(100_000)}x\n`)).toEqual([]);
    expect(stripped("\x1b]\x1b]a\x1b[1\x1b[31")).toBe("a");
  });

  it.each(["(a+)+$", "^(a|aa)*$", "(a*)*b", "(x+x+)+y", "(?:a?){90}a{90}\\b$"])(
    "matches %s against a megabyte without delaying others",
    (pattern) => {
      expect(matching(pattern, `${"a".repeat(2 ** 20)}!`)).toEqual([]);
    },
  );

  it.each([
    ["a(b", "missing closing ): `a(b`"],
    ["(a)(b(c)", "missing closing ): `(a)(b(c)`"],
    ["(a[)](b", "missing closing ): `(a[)](b`"],
    ["(a))b)", "unexpected ): `(a))b)`"],
    ["a[bc", "missing closing ]: `[bc`"],
    ["x[z-a]", "invalid character class range: `z-a`"],
    ["x[[:foo:]]", "invalid character class range: `[:foo:]`"],
    ["x\\p{Foo}", "invalid character class range: `\\p{Foo}`"],
    ["ab|*c", "missing argument to repetition operator: `*`"],
    ["x*a**", "invalid nested repetition operator: `**`"],
    ["a\\\\8\\8", "invalid escape sequence: `\\8`"],
    ["(a)\\1", "invalid escape sequence: `\\1`"],
    ["x(?=a)", "RE2 has no lookahead or lookbehind: `(?=`"],
    ["a(?<!b)c", "RE2 has no lookahead or lookbehind: `(?<!b)c`"],
    ["(?<n>a)(?<n>b)", "duplicate capture group name: `n`"],
    ["x(?P<n", "invalid named capture: `(?P<n`"],
    ["a{2,1}", "invalid repeat count: `{2,1}`"],
    ["a\\", "trailing backslash at end of expression"],
  ])("describes the error in %s, and quotes the part", (pattern, message) => {
    expect(fault(pattern)).toBe(`Invalid pattern: ${message}.`);
  });

  it("rejects a pattern that is too large when its repetitions are expanded", () => {
    const tooLarge = (repetition: string) =>
      `The pattern is too large when its repetitions are expanded: \`${repetition}\`.`;
    expect(fault("a{1001}")).toBe("Invalid pattern: invalid repeat count: `{1001}`.");
    expect(fault("a{1000}{1000}")).toBe("Invalid pattern: invalid nested repetition operator: `{1000}{1000}`.");
    expect(fault("((a{100}){100}){100}")).toBe("Invalid pattern: invalid repeat count: `{100}`.");
    expect(fault("xx(x{30}){30}")).toBe(tooLarge("{30}"));
    expect(fault("[ab]*a[ab]{900}")).toBe(tooLarge("{900}"));
    expect(() =>
      createLineMatcher({ pattern: `${"word|".repeat(199)}x`, fixed: false, ignoreCase: false }),
    ).not.toThrow();
  });

  it("rejects an empty pattern, and a string that no line can contain", () => {
    expect(fault("")).toBe("The pattern is empty.");
    expect(() => createLineMatcher(fixed(""))).toThrow(PatternError);
    expect(() => createLineMatcher(fixed("a\nb"))).toThrow("contains a line feed");
  });
});

const pieces = fc.constantFrom(
  "a",
  "b",
  "k",
  "s",
  "S",
  "é",
  "É",
  "ß",
  "\u017f",
  "\u212a",
  "😀",
  ".",
  "5",
  " ",
  "\r",
  "\b",
  "\0",
  "\0\0\0\0\0",
  "\x1b[2K",
  "\x1b[1m",
  "\x1b",
  "[",
);
const someLines = fc
  .array(fc.array(pieces, { maxLength: 8 }), { maxLength: 12 })
  .map((lines) => lines.map((line) => line.join("")).join("\n"));
const atom = fc.constantFrom(
  "a",
  "b",
  "k",
  "s",
  "É",
  "é",
  "ß",
  ".",
  "\\d",
  "[ab]",
  "[^a]",
  "(?:as|k)",
  "\\b",
  "^",
  "$",
  "😀",
  "(?i:a)",
  "\\s",
);
const suffix = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "|");
const somePattern = fc
  .array(fc.tuple(atom, suffix), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.map(([one, after]) => one + after).join(""));

describe("createLineMatcher, for any pattern and lines", () => {
  it("finds what the expression alone finds, line by line", () => {
    fc.assert(
      fc.property(somePattern, fc.boolean(), fc.boolean(), someLines, (pattern, ignoreCase, isFixed, text) => {
        const source = isFixed ? RE2JS.quote(pattern) : pattern;
        let expression: RE2JS;
        try {
          expression = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
        } catch {
          expect(() => createLineMatcher({ pattern, fixed: isFixed, ignoreCase })).toThrow(PatternError);
          return;
        }
        const lines = text.split("\n").map((line) => Buffer.from(searchedLine(Buffer.from(line))).toString());
        if (text.endsWith("\n") || text === "") lines.pop();
        const wanted = lines.flatMap((line, number) => (expression.test(line) ? [number] : []));
        expect(matching({ pattern, fixed: isFixed, ignoreCase }, text)).toEqual(wanted);
      }),
      { numRuns: 3000 },
    );
  }, 20_000);

  it("quotes a part of any invalid pattern", () => {
    const noise = fc.array(
      fc.constantFrom("(", ")", "[", "]", "{2}", "{9,1}", "*", "\\", "\\8", "?", "a", "é", "(?P<", ">", "^", "-"),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const pattern = parts.join("");
        try {
          createLineMatcher({ pattern, fixed: false, ignoreCase: false });
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
          if (!(error instanceof PatternError)) return;
          const quoted = /: `(.*)`\.$/s.exec(error.message)?.[1];
          if (pattern === "" || /trailing backslash/.test(error.message)) return;
          expect(quoted).not.toBe("");
          expect(pattern).toContain(quoted);
        }
      }),
      { numRuns: 2000 },
    );
  }, 20_000);
});
