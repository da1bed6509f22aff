import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { createShapeScan } from "./shape-scan.ts";

/** Where a shape of the pattern is in a text: every place that is found from the beginning of a line on. */
function placesOf(pattern: string, text: string, ignoreCase = false): readonly number[] | undefined {
  const scan = createShapeScan(pattern, ignoreCase);
  if (scan === undefined) return undefined;
  const lines = Buffer.from(text);
  const next = scan(lines);
  const places: number[] = [];
  for (let from = 0; from < lines.length; ) {
    const place = next(from);
    if (place >= lines.length) break;
    places.push(place);
    const feed = lines.indexOf(0x0a, place);
    from = feed === -1 ? lines.length : feed + 1;
  }
  return places;
}

const ATOM = fc.constantFrom(
  "a",
  "7",
  "=",
  "\\d",
  "\\w",
  "\\s",
  "[0-9a-f]",
  "[45]",
  "\\.",
  "\\[",
  ".",
  "[^x]",
  "é",
  "(?:a|b)",
  "(c\\))",
  "\\b",
  "^",
  "$",
  "\\D",
  "[[:alpha:]]",
);
const TIMES = fc.constantFrom("", "", "", "?", "*", "+", "+?", "{3}", "{2,4}", "{2,}", "{0,9}?", "{0,200}");
const PATTERN = fc
  .array(fc.tuple(ATOM, TIMES), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.map(([atom, times]) => `${atom}${/^(?:\\b|\^|\$)$/.test(atom) ? "" : times}`).join(""));
const TEXT = fc
  .array(fc.constantFrom("a", "b", "c", "7", "4", "5", "=", ".", " ", "é", "x", "[", "\n", ")", "aaaa", "7777"), {
    maxLength: 60,
  })
  .map((parts) => parts.join(""));

describe("a shape that every match contains", () => {
  it.each([
    ["\\b\\d{9}\\b", "12345678\n123456789\n"],
    ["5\\d\\d", "HTTP 499\nHTTP 503\n"],
    ["(?:GET|PUT) \\d\\d:\\d\\d", "GET 1:2\nGET 12:34\n"],
    ["x+=[0-9a-f]{4}", "x=12\nx=12ab\n"],
    ["\\d{2,}ms", "1ms\n12ms\n"],
  ])("of %s is found", (pattern, text) => {
    expect(placesOf(pattern, text)).toHaveLength(1);
    expect(placesOf(pattern, text)?.[0]).toBeGreaterThanOrEqual(text.indexOf("\n"));
  });

  it.each(["a|\\d{9}", "(?i)\\d{9}", "\\Q1\\E\\d{9}", "\\w+", ".", "\\pL\\d{9}", "(\\d{9})", "\\x41\\d{9}", "\\d"])(
    "is not looked for in %s",
    (pattern) => {
      expect(createShapeScan(pattern, false)).toBeUndefined();
    },
  );

  it("contains no letters if case is ignored: some have another case outside of ASCII", () => {
    expect(placesOf("k\\d{4}", "\u212a1234\n", true)).toEqual([3]);
    expect(createShapeScan("kelvin", true)).toBeUndefined();
    expect(createShapeScan("[a-f]{9}", true)).toBeUndefined();
  });

  it("is found in each matching line, for any expression and text", () => {
    let scans = 0;
    fc.assert(
      fc.property(PATTERN, TEXT, fc.boolean(), (pattern, text, ignoreCase) => {
        const expression = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
        const places = placesOf(pattern, text, ignoreCase);
        if (places === undefined) return;
        scans += 1;
        let start = 0;
        for (const line of text.split("\n")) {
          const end = start + Buffer.byteLength(line);
          if (expression.test(Buffer.from(line))) {
            expect(places.some((place) => place >= start && place < end)).toBe(true);
          }
          start = end + 1;
        }
      }),
      { numRuns: 3_000 },
    );
    expect(scans).toBeGreaterThan(300);
  });

  it("is short, with few ways to fit it: a line that could only match a longer one is also a candidate", () => {
    expect(placesOf("\\d{999}x", `${"1".repeat(40)}x\n`)).toEqual([8]);
    expect(placesOf("\\d{0,900}=\\d{6}", "=123456\n")).toEqual([0]);
    expect(placesOf(`a${"\\d?".repeat(8)}\\d{4}x`, "1234x\n")).toEqual([0]);
  });
});
