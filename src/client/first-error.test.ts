import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { createErrorFinder, errorWords, nameAbove } from "./first-error.ts";

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
          words: "ERROR four",
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

  it("is looked for in what lines show in the end", () => {
    const finder = createErrorFinder({ around: 1, tail: 3 });
    const log = `retry: ERROR 503\rretry: ok\n${"\0".repeat(1_048_576)}10:00:01 started\nE\bERR\x0fOR no\n`;
    for (const piece of cut(Buffer.from(log), [65_536])) finder.push(piece, 0);
    expect(finder.result()?.line.text).toBe("ERROR no");
    expect(finder.last().map(({ text }) => text)).toEqual([
      "retry: ok",
      "[NUL x 1,048,576]10:00:01 started",
      "ERROR no",
    ]);
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
  });

  it("includes the next line if the line only says that it is an error", () => {
    expect(errorWords("| FAIL |", "expected HTTP 200, got HTTP 503")).toBe("| FAIL | expected HTTP 200, got HTTP 503");
    expect(errorWords("[ ERROR ]", "  no such file\r")).toBe("[ ERROR ] no such file");
  });

  it("is the name of Robot Framework's test and its message", () => {
    const result = `Buy with voucher :: As a visitor${" ".repeat(30)}| FAIL |`;
    expect(errorWords(result, "expected HTTP 200, got HTTP 503")).toBe(
      "Buy with voucher: expected HTTP 200, got HTTP 503",
    );
    expect(errorWords("| FAIL |", "expected 200", "Buy with voucher")).toBe("Buy with voucher: expected 200");
    expect(errorWords(result, "-".repeat(78))).toBe("Buy with voucher | FAIL |");
  });

  it("has the name of the test above what the test wrote", () => {
    const rule = "-".repeat(78);
    const written = "Visitor redeems a voucher                     [ WARN ] retry 1 of 3";
    expect(nameAbove([rule, "Front page opens    | PASS |", rule, written, "[ WARN ] retry 2 of 3"])).toBe(
      "Visitor redeems a voucher",
    );
    expect(nameAbove(["Visitor redeems a voucher"])).toBeUndefined();
    expect(nameAbove([rule])).toBeUndefined();
    const finder = createErrorFinder({ around: 1, tail: 1 });
    finder.push(Buffer.from(`${rule}\n${written}\n| \x1b[31mFAIL\x1b[0m |\nexpected 200\n${rule}\n`), 1);
    expect(finder.result()).toMatchObject({ line: { number: 3 }, words: "Visitor redeems a voucher: expected 200" });
  });

  it("is the line alone if nothing comes after it", () => {
    expect(errorWords("| FAIL |", undefined)).toBe("| FAIL |");
    expect(errorWords("| FAIL |", "")).toBe("| FAIL |");
  });
});
