import { describe, expect, it } from "vitest";
import { parseDuration, parseTime, timestampOf } from "./time-flags.ts";

describe("a duration", () => {
  it.each([
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["2d", 172_800_000],
    ["250ms", 250],
    ["0s", 0],
  ])("%s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "5", "m", "5x", "-5m", "5m ago", "1h 30m", "999999999999999d"])("is not %j", (text) => {
    expect(() => parseDuration(text)).toThrow("Use a duration");
  });
});

describe("a time", () => {
  it("has nanoseconds and may be in any time zone", () => {
    expect(timestampOf(parseTime("2026-01-02T03:04:05.000000006Z"))).toMatchObject({ seconds: 1767323045n, nanos: 6 });
    expect(timestampOf("2026-01-02T04:04:05+01:00")).toMatchObject({ seconds: 1767323045n });
  });

  it.each(["", "yesterday", "2026-01-02", "2026-01-02 03:04:05", "5m", "1767323045"])("is not %j", (text) => {
    expect(() => parseTime(text)).toThrow("Use a time");
  });
});
