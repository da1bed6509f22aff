import { describe, expect, it } from "vitest";
import { InvalidValue } from "./errors.ts";
import { formatTime, parseNanos } from "./times.ts";

describe("parseNanos", () => {
  it.each([
    ["1970-01-01T00:00:00Z", 0n],
    ["2026-01-02T03:04:05.123456789Z", 1_767_323_045_123_456_789n],
    ["2026-01-02T03:04:05.1Z", 1_767_323_045_100_000_000n],
    ["2026-01-02t05:04:05+02:00", 1_767_323_045_000_000_000n],
    ["2026-01-01T22:34:05-04:30", 1_767_323_045_000_000_000n],
    ["1969-12-31T23:59:59.5Z", -500_000_000n],
  ])("reads %s exactly", (text, nanos) => {
    expect(parseNanos(text)).toBe(nanos);
  });

  it.each([
    "",
    "yesterday",
    "2026-02-30T00:00:00Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:04:05",
    "2026-01-02 03:04:05Z",
    "2026-01-02T03:04:05+99:00",
  ])("refuses %j", (text) => {
    expect(() => parseNanos(text)).toThrow(InvalidValue);
  });
});

describe("formatTime", () => {
  it("formats every part in UTC", () => {
    expect(formatTime("2026-01-02T05:04:05.0789+02:00", "yyyy/MM/dd HH:mm:ss.SSS")).toBe("2026/01/02 03:04:05.078");
    expect(formatTime("1969-12-31T23:59:59.9999Z", "yyyyMMdd-HHmmss_SSS")).toBe("19691231-235959_999");
  });

  it("refuses unknown letters", () => {
    for (const pattern of ["YYYY", "MMM", "yyyyy", "d"]) {
      expect(() => formatTime("2026-01-02T03:04:05Z", pattern)).toThrow(/has the letter/);
    }
  });
});
