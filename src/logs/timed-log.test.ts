import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteSource, cut } from "../../test/fakes/byte-source.ts";
import type { OpenedFile } from "../sources/source.ts";
import type { TimedPlace } from "./place.ts";
import type { TextPiece } from "./text.ts";
import { sinceOf, timedText } from "./timed-log.ts";

/** A line as its node keeps it. */
interface Line {
  /** In nanoseconds since the log began. */
  readonly nanos: number;
  readonly text: string;
}

const OPTIONS = { growing: false, onReplaced: () => undefined };

function timeOf(nanos: number): string {
  const second = String(10 + Math.floor(nanos / 1e9)).padStart(2, "0");
  return `2026-01-01T00:00:${second}.${String(nanos % 1e9).padStart(9, "0")}Z`;
}

/** What a node answers with: lines of this whole second and later, each with its time. */
function answer(lines: readonly Line[], since = "", cuts: readonly number[] = []): OpenedFile {
  const whole = lines
    .filter(({ nanos }) => timeOf(nanos) >= since)
    .map(({ nanos, text }) => `${timeOf(nanos)} ${text}`)
    .join("");
  const body = byteSource(cuts.length === 0 ? [whole] : cut(Buffer.from(whole), cuts));
  return { kind: "file", body, mediaType: "text/plain", charset: undefined, delimited: false };
}

async function read(log: OpenedFile, place?: TimedPlace): Promise<readonly TextPiece[]> {
  const pieces: TextPiece[] = [];
  for await (const piece of timedText(log, place, place === undefined, OPTIONS).pieces) pieces.push(piece);
  return pieces;
}

const textIn = (pieces: readonly TextPiece[]): string => pieces.map(({ bytes }) => Buffer.from(bytes)).join("");
const timedPlace = ({ after }: TextPiece): TimedPlace => {
  if (after.kind !== "times") throw new Error("The place is of another kind.");
  return after;
};

/** Times mostly go on, some are equal, and some go back a little. */
const logs = fc
  .array(
    fc.record({
      step: fc.constantFrom(0, 0, 1, 1_000, 400_000_000, 1_700_000_000, -1, -300_000_000),
      text: fc.stringMatching(/^[a-zß]{0,6}$/).map((text) => `${text}\n`),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((steps): Line[] => {
    let nanos = 0;
    return steps.map(({ step, text }) => {
      nanos = Math.max(0, nanos + step);
      return { nanos, text };
    });
  });
const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });

describe("a log whose lines have times", () => {
  it("is its lines without them, wherever its bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(logs, cuts, async (lines, lengths) => {
        const pieces = await read(answer(lines, "", lengths));
        expect(textIn(pieces)).toBe(lines.map(({ text }) => text).join(""));
        expect(pieces.flatMap(({ times = [] }) => times.map(({ time }) => time))).toEqual(
          lines.map(({ nanos }) => timeOf(nanos)),
        );
      }),
    );
  });

  it("is gone on with behind each piece, by whole seconds, with no line lost, doubled or cut", async () => {
    await fc.assert(
      fc.asyncProperty(logs, cuts, cuts, async (lines, lengths, others) => {
        const whole = lines.map(({ text }) => text).join("");
        const pieces = await read(answer(lines, "", lengths));
        for (const [index, piece] of pieces.entries()) {
          const place = timedPlace(piece);
          const rest = await read(answer(lines, sinceOf(place), others), place);
          expect(textIn(pieces.slice(0, index + 1)) + textIn(rest)).toBe(whole);
          expect(rest.some(({ lost }) => lost)).toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("counts the lines at the last time, and the bytes of one that is cut", async () => {
    const lines = [0, 5, 5, 5].map((nanos, index) => ({ nanos, text: `line ${index}\n` }));
    const [piece] = await read(answer(lines));
    expect(piece?.after).toMatchObject({ time: timeOf(5), lines: 3, part: 0 });
    const [half] = await read(answer([...lines.slice(0, 3), { nanos: 5, text: "li" }]));
    expect(half?.after).toMatchObject({ time: timeOf(5), lines: 2, part: 2 });
  });

  it("is asked for from two seconds before on, in whole seconds", () => {
    expect(sinceOf({ time: "2026-01-01T00:00:10.999999999Z" })).toBe("2026-01-01T00:00:08Z");
    expect(sinceOf({ time: "2026-01-01T00:00:00.000000000Z" })).toBe("2025-12-31T23:59:58Z");
  });

  it("says where lines are lost: the place to go on at is no longer there", async () => {
    const lines = [0, 1, 2, 3].map((nanos, index) => ({ nanos, text: `line ${index}\n` }));
    const [piece] = await read(answer(lines.slice(0, 2)));
    if (piece === undefined) throw new Error("Nothing was read.");
    const rest = await read(answer(lines.slice(3)), timedPlace(piece));
    expect([textIn(rest), rest.map(({ lost }) => lost)]).toEqual(["line 3\n", [true]]);
  });

  it("leaves out half a time at the end of what was cut off", async () => {
    const whole = `${timeOf(0)} one\n${timeOf(1)} two\n`;
    const begin = whole.indexOf("\n") + 1;
    for (let length = begin; length <= begin + 31; length += 1) {
      const body = byteSource([whole.slice(0, length)]);
      const pieces = await read({ kind: "file", body, mediaType: undefined, charset: undefined, delimited: false });
      expect(textIn(pieces)).toBe("one\n");
    }
  });
});
