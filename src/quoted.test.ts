import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHARACTER } from "../test/fakes/characters.ts";
import { quoted } from "./quoted.ts";

describe("quoted", () => {
  it.each([
    ["smoke", '"smoke"'],
    ["", '""'],
    ["two words", '"two words"'],
    ["a\nb\tc\x1b[31m", '"a\uFFFDb\uFFFDc\uFFFD[31m"'],
    ["\u009b31m", '"\uFFFD31m"'],
    ["a\u202egnp.exe", '"a\uFFFDgnp.exe"'],
    ["a\u2066b\u2069c\u2028d", '"a\uFFFDb\uFFFDc\uFFFDd"'],
    ["x".repeat(100), `"${"x".repeat(100)}"`],
    ["x".repeat(101), `"${"x".repeat(100)}…"`],
    [`${"x".repeat(99)}😀`, `"${"x".repeat(99)}…"`],
  ])("puts %j into a sentence as %j", (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it("is one line of whole characters, at most 103 code units long, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER, maxLength: 300 }), (text) => {
        const made = quoted(text);
        expect(made.length).toBeLessThanOrEqual(103);
        expect(made).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        // A character that was cut in two would not survive UTF-8.
        expect(Buffer.from(made).toString("utf8")).toBe(made);
      }),
    );
  });
});
