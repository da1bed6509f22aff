import { describe, expect, it } from "vitest";
import { errorWords } from "./error-words.ts";

describe("an error in one line", () => {
  it("is the line, where that says what went wrong", () => {
    expect(errorWords("  AssertionError: expected 200, got 503  ", "    at checkout:41")).toBe(
      "AssertionError: expected 200, got 503",
    );
    expect(errorWords("Buy with voucher | FAIL |", "expected 200")).toBe("Buy with voucher | FAIL |");
  });

  it("has the words behind it, where it says no more than that it is one", () => {
    expect(errorWords("| FAIL |", "expected HTTP 200, got HTTP 503")).toBe("| FAIL | expected HTTP 200, got HTTP 503");
    expect(errorWords("[ ERROR ]", "  no such file\r")).toBe("[ ERROR ] no such file");
  });

  it("is all that there is, where nothing is behind it", () => {
    expect(errorWords("| FAIL |", undefined)).toBe("| FAIL |");
    expect(errorWords("| FAIL |", "")).toBe("| FAIL |");
  });
});
