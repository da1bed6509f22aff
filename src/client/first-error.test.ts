import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { createErrorFinder, errorWords } from "./first-error.ts";

const LOG = ["one", "two", "WARN three", "ERROR four", "Gr\u00fc\u00dfe", "ERROR six", "seven"];

describe("the first error of a log", () => {
  it("is found with the lines around it, however the log is cut", () => {
    const bytes = Buffer.from(`${LOG.join("\n")}\n`);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (lengths) => {
        const finder = createErrorFinder({ around: 2, tail: 3 });
        let line = 10;
        for (const piece of cut(bytes, lengths)) {
          finder.push(piece, line);
          line += piece.filter((byte) => byte === 0x0a).length;
        }
        expect(finder.done).toBe(true);
        expect(finder.result()).toEqual({
          before: [
            { number: 11, text: "two" },
            { number: 12, text: "WARN three" },
          ],
          line: { number: 13, text: "ERROR four" },
          after: [
            { number: 14, text: "Gr\u00fc\u00dfe" },
            { number: 15, text: "ERROR six" },
          ],
        });
      }),
    );
  });

  it("is found in a partial last line", () => {
    const finder = createErrorFinder({ around: 2, tail: 2 });
    finder.push(Buffer.from("a\nError: b"), 1);
    expect(finder.done).toBe(false);
    expect(finder.result()?.line).toEqual({ number: 2, text: "Error: b" });
  });

  it("is absent from a log without errors: its last lines are kept", () => {
    const finder = createErrorFinder({ around: 1, tail: 2 });
    finder.push(Buffer.from("a\nb\nc\nd\n"), 1);
    expect(finder.result()).toBeUndefined();
    expect(finder.last()).toEqual([
      { number: 3, text: "c" },
      { number: 4, text: "d" },
    ]);
  });
});

describe("an error in one line", () => {
  it("is the line itself if that says what went wrong", () => {
    expect(errorWords("  AssertionError: expected 200, got 503  ", "    at checkout:41")).toBe(
      "AssertionError: expected 200, got 503",
    );
    expect(errorWords("Buy with voucher | FAIL |", "expected 200")).toBe("Buy with voucher | FAIL |");
  });

  it("includes the next line if the line only says that it is an error", () => {
    expect(errorWords("| FAIL |", "expected HTTP 200, got HTTP 503")).toBe("| FAIL | expected HTTP 200, got HTTP 503");
    expect(errorWords("[ ERROR ]", "  no such file\r")).toBe("[ ERROR ] no such file");
  });

  it("is the line alone if nothing comes after it", () => {
    expect(errorWords("| FAIL |", undefined)).toBe("| FAIL |");
    expect(errorWords("| FAIL |", "")).toBe("| FAIL |");
  });
});
