import { describe, expect, it } from "vitest";
import { Duration, Size } from "./units.ts";

describe("a duration", () => {
  it.each([
    ["0ms", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["2d", 172_800_000],
    ["24d", 2_073_600_000],
  ])("of %s is %i milliseconds", (text, ms) => {
    expect(Duration.parse(text)).toBe(ms);
  });

  it.each(["", "5", "s", "5 s", "-5s", "5.5s", "5S", "5s ", "1m30s", "1234567s", "5w", 5, null])(
    "is not %j",
    (text) => {
      expect(Duration.safeParse(text).success).toBe(false);
    },
  );

  it.each(["25d", "999999h", "999999d"])("is not %s: a timer of that length would fire immediately", (text) => {
    expect(Duration.safeParse(text).error?.issues).toMatchObject([{ message: "must be at most 24d" }]);
  });
});

describe("a size", () => {
  it.each([
    ["0B", 0],
    ["512KiB", 524_288],
    ["16GiB", 17_179_869_184],
    ["1MiB", 1_048_576],
    ["2TiB", 2_199_023_255_552],
  ])("of %s is %i bytes", (text, bytes) => {
    expect(Size.parse(text)).toBe(bytes);
  });

  it.each(["", "5", "5KB", "5kib", "-1B", "1.5GiB", 5])("is not %j", (text) => {
    expect(Size.safeParse(text).success).toBe(false);
  });
});
