import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { stripEscapes } from "./escape-sequences.ts";
import { createLineMatcher, type Pattern } from "./line-matcher.ts";
import { PatternError } from "./pattern-error.ts";

/** The numbers of the lines that match, from 0. */
function matching(pattern: Pattern | string, lines: string): number[] {
  const matcher = createLineMatcher(
    typeof pattern === "string" ? { pattern, fixed: false, ignoreCase: false } : pattern,
  );
  const bytes = Buffer.from(lines);
  const hits = matcher.over(bytes);
  const found: number[] = [];
  for (let at = 0, number = 0; at < bytes.length; number += 1) {
    const feed = bytes.indexOf(10, at);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (hits.next(at) < end) found.push(number);
    at = end;
  }
  return found;
}
const fixed = (pattern: string, ignoreCase = false): Pattern => ({ pattern, fixed: true, ignoreCase });
const fault = (pattern: string): [number, string] => {
  try {
    createLineMatcher({ pattern, fixed: false, ignoreCase: false });
  } catch (error) {
    if (error instanceof PatternError) return [error.position, error.message];
    throw error;
  }
  throw new Error(`${pattern} was taken.`);
};

describe("createLineMatcher", () => {
  it("takes a fixed text as it is", () => {
    expect(matching(fixed("a.b*"), "aab\nxa.b*x\na.b\n")).toEqual([1]);
    expect(matching(fixed("É"), "é\nÉ\n")).toEqual([1]);
  });

  it("knows upper and lower case as Unicode folds them when asked", () => {
    expect(matching(fixed("größe", true), "GRÖSSE\nGRÖßE\ngröße\ngroße\n")).toEqual([1, 2]);
    // The Kelvin sign and the long s are k and s to Unicode.
    expect(matching(fixed("ask", true), "ASK\na\u017f\u212a\nasx\n")).toEqual([0, 1]);
    expect(matching("(?i)ask|é", "ASK\na\u017f\u212a\nÉ\nx\n")).toEqual([0, 1, 2]);
    expect(matching({ pattern: "E(rr|xc)", fixed: false, ignoreCase: true }, "eRR\nEXC\ner\n")).toEqual([0, 1]);
  });

  it("matches each line for itself, without its line feed and with its carriage return", () => {
    expect(matching("^b$", "a\nb\nc")).toEqual([1]);
    expect(matching("^$", "a\n\n\nb\n")).toEqual([1, 2]);
    expect(matching("a\\nb", "a\nb\n")).toEqual([]);
    expect(matching("a[^x]b", "a\nb\n")).toEqual([]);
    expect(matching("b$", "b\r\nb\n")).toEqual([1]);
    expect(matching("b\\r$", "b\r\nb\n")).toEqual([0]);
  });

  it("takes characters, not bytes, for what a dot stands for", () => {
    expect(matching("^..$", "éé\né\n日本\n😀😀\n")).toEqual([0, 2, 3]);
  });

  it("looks through colours and other escape sequences, in the midst of a text too", () => {
    const lines =
      "\x1b[31mERR\x1b[0mOR x\nERROR\n\x1b]8;;http://ERROR\x07link\x1b]8;;\x1b\\\nERR\x1b[1;38;5;2mX\nE\x1b(BRROR\n";
    for (const pattern of [fixed("ERROR"), fixed("error", true), "^ERROR", "(?i)^error"]) {
      expect(matching(pattern, lines)).toEqual([0, 1, 4]);
    }
    expect(matching("^$", "\x1b[0m\nx\n")).toEqual([0]);
    expect(matching("m", "\x1b[0m\n")).toEqual([]);
  });

  it("goes through the beginnings of a hundred thousand unfinished escape sequences once", () => {
    expect(matching("^x*]+$", `${"\x1b]".repeat(100_000)}x\n`)).toEqual([]);
    expect(stripEscapes(Buffer.from("\x1b]\x1b]a\x1b[1\x1b[31")).toString()).toBe("a");
  });

  it.each(["(a+)+$", "^(a|aa)*$", "(a*)*b", "(x+x+)+y", "(?:a?){90}a{90}\\b$"])(
    "is done with %s on a megabyte of it before anyone waits",
    (pattern) => {
      expect(matching(pattern, `${"a".repeat(2 ** 20)}!`)).toEqual([]);
    },
  );

  it.each([
    ["a(b", 1, "A group is not closed."],
    ["(a)(b(c)", 3, "A group is not closed."],
    ["(a[)](b", 5, "A group is not closed."],
    ["(a))b)", 3, "This closes no group."],
    ["a[bc", 1, "A character class is not closed."],
    ["x[z-a]", 2, "This is no character class, or its range runs backwards."],
    ["x[[:foo:]]", 2, "This is no character class, or its range runs backwards."],
    ["x\\p{Foo}", 1, "This is no character class, or its range runs backwards."],
    ["ab|*c", 3, "There is nothing to repeat."],
    ["x*a**", 3, "A repetition cannot be repeated."],
    ["a\\\\8\\8", 4, "There is no such escape sequence."],
    ["(a)\\1", 3, "There is no such escape sequence."],
    ["x(?=a)", 1, "RE2 does not look ahead or behind."],
    ["a(?<!b)c", 1, "RE2 does not look ahead or behind."],
    ["(?<n>a)(?<n>b)", 10, "Another group has this name."],
    ["x(?P<n", 1, "This is no name of a group."],
    ["a{2,1}", 1, "This repeats no number of times, or more than 1000 times with what it stands in."],
  ])("says where %s is faulty, and why", (pattern, position, message) => {
    expect(fault(pattern)).toEqual([position, message]);
  });

  it("refuses what grows too large when its repetitions are written out", () => {
    const positions = ["a{1001}", "a{1000}{1000}", "((a{100}){100}){100}", "xx(x{30}){30}", "[ab]*a[ab]{900}"].map(
      (pattern) => fault(pattern)[0],
    );
    expect(positions).toEqual([1, 1, 9, 4, 10]);
    expect(() =>
      createLineMatcher({ pattern: `${"word|".repeat(199)}x`, fixed: false, ignoreCase: false }),
    ).not.toThrow();
  });

  it("refuses a pattern that is empty, and a text that can be in no line", () => {
    expect(fault("")).toEqual([0, "The pattern is empty."]);
    expect(() => createLineMatcher(fixed(""))).toThrow(PatternError);
    expect(() => createLineMatcher(fixed("a\nb"))).toThrow(expect.objectContaining({ position: 1 }));
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
        const lines = text.split("\n").map((line) => stripEscapes(Buffer.from(line)).toString());
        if (text.endsWith("\n") || text === "") lines.pop();
        const wanted = lines.flatMap((line, number) => (expression.test(line) ? [number] : []));
        expect(matching({ pattern, fixed: isFixed, ignoreCase }, text)).toEqual(wanted);
      }),
      { numRuns: 3000 },
    );
  }, 20_000);

  it("tells a position within any faulty pattern", () => {
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
          expect(error.position).toBeGreaterThanOrEqual(0);
          expect(error.position).toBeLessThanOrEqual(Math.max(0, pattern.length - 1));
          expect(error.message).not.toMatch(/cannot be used/);
        }
      }),
      { numRuns: 2000 },
    );
  }, 20_000);
});
