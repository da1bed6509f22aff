import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitTime } from "./line-stamp.ts";

const split = (text: string, at = 0) => splitTime(Buffer.from(text), at);
const nanos = fc.bigInt({ min: 0n, max: 4_102_444_799_999_999_999n });

/** A time as nodes write it: in UTC with nine fractional digits. */
function written(moment: bigint): string {
  const seconds = new Date(Number(moment / 1_000_000_000n) * 1_000).toISOString().slice(0, 19);
  return `${seconds}.${String(moment % 1_000_000_000n).padStart(9, "0")}Z`;
}

describe("the time before a line", () => {
  it("is parsed to the nanosecond, as nodes write it", () => {
    fc.assert(
      fc.property(nanos, fc.string(), (moment, text) => {
        expect(split(`${written(moment)} ${text}`)).toEqual({ time: written(moment), textAt: 31 });
      }),
    );
  });

  it("is normalized, whatever its digits and zone", () => {
    fc.assert(
      fc.property(nanos, fc.integer({ min: -14 * 60, max: 14 * 60 }), (moment, minutes) => {
        const local = written(moment + BigInt(minutes) * 60_000_000_000n);
        fc.pre(moment + BigInt(minutes) * 60_000_000_000n >= 0n);
        const sign = minutes < 0 ? "-" : "+";
        const [hour, minute] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
        const zone = `${sign}${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
        const digits = local.slice(19, 29).replace(/\.?0*$/, "");
        const stamp = `${local.slice(0, 19)}${digits}${zone}`;
        expect(split(`${stamp} text`)).toEqual({ time: written(moment), textAt: stamp.length + 1 });
      }),
    );
  });

  it("is unfinished until all of it has arrived, wherever it is split", () => {
    const stamp = "2026-01-01T00:00:00.000000001+00:00";
    for (let length = 0; length <= stamp.length; length += 1) {
      expect(split(stamp.slice(0, length))).toBe("unfinished");
    }
    expect(split(`${stamp} `)).toEqual({ time: "2026-01-01T00:00:00.000000001Z", textAt: 36 });
  });

  it.each([
    ["plain text with words"],
    ["2026-01-01 00:00:00 text"],
    ["2026-01-01T00:00:00.0000000001Z text"],
    ["2026-13-01T00:00:00Z text"],
    ["\n"],
    ["2026\n"],
    ["x".repeat(37)],
  ])("does not exist in %j", (text) => {
    expect(split(text)).toBe("none");
  });

  it("is parsed at the given offset", () => {
    expect(split("text\n2026-01-01T00:00:00Z more", 5)).toEqual({ time: "2026-01-01T00:00:00.000000000Z", textAt: 26 });
  });
});
