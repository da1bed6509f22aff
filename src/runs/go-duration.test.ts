import { describe, expect, it } from "vitest";
import { parseGoDuration } from "./go-duration.ts";

describe("a duration of Argo Rollouts", () => {
  it.each([
    ["0", 0],
    ["0s", 0],
    ["30s", 30_000],
    ["+30s", 30_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    [".5m", 30_000],
    ["1.s", 1_000],
    ["1m1m", 120_000],
    ["1500ms", 1_500],
    ["24h", 86_400_000],
    ["9223372036s", 9_223_372_036_000],
    ["2us", 0.002],
    ["2\u00b5s", 0.002],
    ["2\u03bcs", 0.002],
  ])("%s is %d ms", (text, ms) => {
    expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
  });

  it.each([
    "",
    " ",
    "30",
    "s",
    "1d",
    "1h 30m",
    "-30s",
    "1e3s",
    "s1",
    "1h30",
    ".s",
    "{{args.delay}}",
    "9223372037s",
    `${"9".repeat(400)}h`,
    `${"0".repeat(64)}s`,
  ])("%j is invalid", (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });
});
