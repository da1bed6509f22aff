import { describe, expect, it } from "vitest";
import { AnchorSkip } from "./anchor-skip.ts";
import { ENTRIES_START, type TimedPlace } from "./place.ts";

const timeOf = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000000Z`;
const placeAt = (second: number, lines: number, part = 0): TimedPlace => ({
  kind: "times",
  time: timeOf(second),
  lines,
  part,
});

/** A line, with the second in which it was written; `undefined` for the rest of a line that began before. */
type Line = readonly [second: number | undefined, text: string];

function pieceOf(lines: readonly Line[]) {
  const starts: number[] = [];
  const times: string[] = [];
  let text = "";
  for (const [second, line] of lines) {
    if (second !== undefined) {
      starts.push(text.length);
      times.push(timeOf(second));
    }
    text += line;
  }
  return { bytes: Buffer.from(text), times: { starts, times } };
}

/** What of these pieces lies behind the place, and whether lines before it are said to be lost. */
function behind(place: TimedPlace, ...pieces: readonly (readonly Line[])[]) {
  const skip = new AnchorSkip(place);
  const left = pieces.map((lines) => {
    const { bytes, times } = pieceOf(lines);
    return bytes.subarray(skip.skip(bytes, times)).toString();
  });
  return { text: left.join(""), lost: skip.takeLost() };
}

describe("what lies before a place in lines with times", () => {
  it("is passed over: the anchor, and as many lines behind it as the place counts", () => {
    const lines: Line[] = [
      [1, "a\n"],
      [2, "anchor\n"],
      [2, "b\n"],
      [3, "c\n"],
    ];
    expect(behind(placeAt(2, 1), lines)).toEqual({ text: "b\nc\n", lost: false });
    expect(behind(placeAt(2, 2), lines)).toEqual({ text: "c\n", lost: false });
    expect(behind(placeAt(2, 3), lines)).toEqual({ text: "", lost: false });
  });

  it("is passed over in the middle of a line too, wherever that is cut", () => {
    const place = placeAt(2, 1, 4);
    expect(
      behind(place, [
        [2, "anchor\n"],
        [2, "half and half\n"],
      ]),
    ).toEqual({ text: " and half\n", lost: false });
    expect(behind(place, [[2, "anchor\n"]], [[2, "ha"]], [[undefined, "lf and half\n"]])).toEqual({
      text: " and half\n",
      lost: false,
    });
  });

  it("includes lines whose times went back: they are counted, not compared", () => {
    const lines: Line[] = [
      [9, "anchor\n"],
      [3, "earlier\n"],
      [1, "much earlier\n"],
      [2, "next\n"],
    ];
    expect(behind(placeAt(9, 3), lines)).toEqual({ text: "next\n", lost: false });
  });

  it("includes all lines before the anchor, however many the source gives, and the rest of one", () => {
    const lines: Line[] = [
      [undefined, "rest\n"],
      [1, "a\n"],
      [0, "b\n"],
      [2, "anchor\n"],
      [2, "next\n"],
    ];
    expect(behind(placeAt(2, 1), lines)).toEqual({ text: "next\n", lost: false });
  });

  it("is lost where the first line that comes is later than the anchor", () => {
    expect(behind(placeAt(2, 1), [[3, "later\n"]])).toEqual({ text: "later\n", lost: true });
  });

  it("is lost where the line in which the place lies is shorter than what was read of it", () => {
    expect(
      behind(placeAt(2, 0, 10), [
        [2, "short\n"],
        [3, "next\n"],
      ]),
    ).toEqual({ text: "next\n", lost: true });
  });

  it("is not lost where nothing was read before the place", () => {
    expect(behind(ENTRIES_START, [[3, "first\n"]])).toEqual({ text: "first\n", lost: false });
    expect(behind(placeAt(3, 0), [[3, "first\n"]])).toEqual({ text: "first\n", lost: false });
  });

  it("is lost if the line is that the place lies before", () => {
    expect(behind(placeAt(2, 0), [[3, "second\n"]])).toEqual({ text: "second\n", lost: true });
  });

  it("is said to be lost once", () => {
    const skip = new AnchorSkip(placeAt(2, 1));
    const { bytes, times } = pieceOf([[3, "later\n"]]);
    skip.skip(bytes, times);
    expect([skip.takeLost(), skip.takeLost()]).toEqual([true, false]);
  });

  it("is nothing of what comes behind the place, whatever its times", () => {
    const skip = new AnchorSkip(placeAt(2, 1));
    const first = pieceOf([[2, "anchor\n"]]);
    expect(skip.skip(first.bytes, first.times)).toBe(7);
    const next = pieceOf([[1, "earlier\n"]]);
    expect(skip.skip(next.bytes, next.times)).toBe(0);
  });
});
