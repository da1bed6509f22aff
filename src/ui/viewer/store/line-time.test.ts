import { describe, expect, it } from "vitest";
import { storeOf } from "../../../../test/fakes/blocks.ts";
import { lineAtTime, readGoal } from "./go-to.ts";
import { formatSpan, formatTime, timeOf } from "./line-time.ts";

const DAY = Date.UTC(2026, 2, 12);
const AT = (14 * 3600 + 3 * 60 + 55) * 1000;

describe("the time of a line", () => {
  it.each([
    ["2026-03-12T14:03:55.102Z GET /", DAY + AT + 102, 25],
    ["2026-03-12T14:03:55.102345678Z GET /", DAY + AT + 102.345678, 31],
    ["2026-03-12 14:03:55,102 GET /", DAY + AT + 102, 24],
    ["[2026-03-12T15:03:55+01:00] GET /", DAY + AT, 28],
    ["14:03:55.102 GET /", AT + 102, 13],
    ["[14:03:55] GET /", AT, 11],
    ["E0312 14:03:55.102345 1 main.go:1] no", AT + 102.345, 0],
    ["1773324235.102 GET /", DAY + AT + 102, 15],
    ["1773324235102 GET /", DAY + AT + 102, 14],
    ['{"level":"info","ts":1773324235.5,"msg":"x"}', DAY + AT + 500, 0],
    ['{"time":"2026-03-12T14:03:55Z","msg":"x"}', DAY + AT, 0],
    ["INFO 2026-03-12T14:03:55Z x", DAY + AT, 0],
  ])("%j", (line, ms, end) => {
    const time = timeOf(line);
    expect(time?.ms).toBeCloseTo(ms, 2);
    expect(time?.end).toBe(end);
  });

  it.each(["no time", "12:34", "99:99:99 x", "1234567890123456789012 x", "v1.2.3:45:67:89"])("%j has none", (line) => {
    expect(timeOf(line)).toBeUndefined();
  });

  it("without a year is that of the attempt, if its end or start is known", () => {
    const line = "Dec 31 23:59:59 host app: x";
    expect(timeOf(line)).toMatchObject({ ms: 86_399_000, dated: false, end: 0 });
    expect(timeOf(line, "2026-01-02T00:10:00.000Z")).toEqual({
      ms: Date.UTC(2025, 11, 31, 23, 59, 59),
      dated: true,
      start: 0,
      end: 16,
    });
  });

  it("is only a time of day where the zone's name is ambiguous", () => {
    expect(timeOf("2026-03-12 14:03:55 IST x")).toMatchObject({ ms: AT, dated: false });
    expect(timeOf("2026-03-12 14:03:55 PDT x")).toMatchObject({ ms: DAY + AT + 7 * 3_600_000, dated: true });
  });

  it("is shown in UTC, since the first line, and since the previous line", () => {
    const [first, second] = ["2026-03-12T14:03:55.102Z", "2026-03-12T14:05:00.100Z"].map((line) => timeOf(line));
    if (first === undefined || second === undefined) throw new Error("no time");
    expect(formatTime(second, "utc", undefined)).toBe("14:05:00.100");
    expect(formatTime(second, "rel", first)).toBe("+1:04.998");
    expect(formatTime(second, "delta", undefined)).toBe("");
    expect(formatTime(second, "raw", first)).toBe("");
    const [late, early] = ["23:59:59.500 x", "00:00:00.500 x"].map((line) => timeOf(line));
    expect(early && formatTime(early, "delta", late)).toBe("+1.000");
    expect([formatSpan(-1500), formatSpan(3_723_004)]).toEqual(["-1.500", "+1:02:03.004"]);
  });
});

describe("where to go", () => {
  it.each([
    ["4182", { kind: "line", first: 4182, last: 4182 }],
    ["L20-L10", { kind: "line", first: 10, last: 20 }],
    ["14:03", { kind: "time", ms: AT - 55_000, dated: false }],
    ["14:03:55.5", { kind: "time", ms: AT + 500, dated: false }],
    ["2026-03-12T14:03:55Z", { kind: "time", ms: DAY + AT, dated: true }],
    ["there", undefined],
  ])("%j", (text, goal) => {
    expect(readGoal(text)).toEqual(goal);
  });

  it("is the first line of a time or later, also if some lines have no time", () => {
    const store = storeOf(
      Array.from(
        { length: 500 },
        (_, each) => `2026-03-12T14:0${Math.floor(each / 60)}:${String(each % 60).padStart(2, "0")}Z x\n  at y`,
      ).join("\n"),
    );
    expect(lineAtTime(store, { ms: DAY + AT - 55_000 + 5_000, dated: true })).toBeGreaterThanOrEqual(2 * 185 - 1);
    expect(lineAtTime(store, { ms: (14 * 3600 + 60) * 1000, dated: false })).toBeLessThanOrEqual(120);
    expect(lineAtTime(storeOf("a\nb"), { ms: 0, dated: false })).toBe(-1);
  });
});
