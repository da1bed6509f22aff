import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { fingerprintOf, TAIL_BYTES } from "../stream/tail-buffer.ts";
import { FILE_START } from "./place.ts";
import { searchPlace, skipToPlace } from "./skip-to-place.ts";
import { LogReplaced, type LogText, type TextPiece } from "./text.ts";

/** A text in these pieces, with a time for each of its lines where it has times. */
function textOf(pieces: readonly Uint8Array[], timed = false): LogText & { readonly isClosed: boolean } {
  const left: TextPiece[] = pieces.map((bytes) => ({
    bytes,
    times: timed ? { starts: [0], times: [`t${Buffer.from(bytes).toString()}`] } : undefined,
    after: FILE_START,
    lost: false,
  }));
  let isClosed = false;
  return {
    delimited: true,
    mediaType: undefined,
    decoding: undefined,
    document: undefined,
    timed: false,
    replaced: false,
    next: async () => left.shift(),
    putBack: (piece) => void left.unshift(piece),
    close: () => {
      isClosed = true;
    },
    get isClosed() {
      return isClosed;
    },
  };
}

async function rest(text: LogText): Promise<string> {
  const pieces: Uint8Array[] = [];
  for (let piece = await text.next(); piece !== undefined; piece = await text.next()) pieces.push(piece.bytes);
  return Buffer.concat(pieces).toString();
}

const placeIn = (log: string, offset: number) => {
  const before = Buffer.from(log).subarray(0, offset);
  return { offset, fingerprint: fingerprintOf(before.subarray(-TAIL_BYTES)) };
};
const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe("a text that is read up to a place", () => {
  const log = Array.from({ length: 200 }, (_, index) => `line ${index} of a log\n`).join("");

  it("goes on behind it, wherever that is and however the text is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(log.length), lengths, async (offset, turns) => {
        const text = textOf(cut(Buffer.from(log), turns));
        await skipToPlace(text, placeIn(log, offset));
        expect(await rest(text)).toBe(log.slice(offset));
      }),
    );
  });

  it("keeps the times of the lines behind the place", async () => {
    const text = textOf([Buffer.from("one\n"), Buffer.from("two\n"), Buffer.from("three\n")], true);
    await skipToPlace(text, placeIn("one\ntwo\n", 8));
    expect((await text.next())?.times).toEqual({ starts: [0], times: ["tthree\n"] });
  });

  it("is another log where what stands before the place is another", async () => {
    const text = textOf([Buffer.from(log.replace("line 5 ", "LINE 5 "))]);
    await expect(skipToPlace(text, placeIn(log, 500))).rejects.toThrow(LogReplaced);
    expect(text.isClosed).toBe(true);
  });

  it("is another log where it is shorter", async () => {
    const text = textOf([Buffer.from(log.slice(0, 100))]);
    await expect(skipToPlace(text, placeIn(log, 101))).rejects.toThrow(LogReplaced);
  });
});

describe("a text in which a place is searched for", () => {
  const lines = Array.from({ length: 200 }, (_, index) => `line ${index} of a log, which is like no other line\n`);
  const log = lines.join("");
  /** Lacks some of the first lines, which its shipper dropped. */
  const copy = lines.slice(20).join("");
  const at = (count: number) => placeIn(log, lines.slice(0, count).join("").length).fingerprint;

  it("is told by how many lines and bytes lie before it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 80, max: 200 }), lengths, async (count, turns) => {
        const text = textOf(cut(Buffer.from(copy), turns));
        const before = lines.slice(20, count).join("");
        expect(await searchPlace(text, at(count), 1e6)).toEqual({ offset: before.length, lines: count - 20 });
        expect(text.isClosed).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("is closed where it has not the place, or too little is known of it", async () => {
    const other = textOf([Buffer.from(copy.replaceAll("log", "LOG"))]);
    expect(await searchPlace(other, at(100), 1e6)).toBeUndefined();
    const short = textOf([Buffer.from("first\nready\nok\nlast\n")]);
    expect(await searchPlace(short, fingerprintOf(Buffer.from("ready\nok\n")), 1e6)).toBeUndefined();
    expect([other.isClosed, short.isClosed]).toEqual([true, true]);
  });

  it("is looked through no further than it may be", async () => {
    const text = textOf(cut(Buffer.from(copy), [100]));
    expect(await searchPlace(text, at(190), 1_000)).toBeUndefined();
    expect((await rest(text)).length).toBeGreaterThan(copy.length - 1_200);
  });

  it("has no place that could be two: where the same stands at another end of a line too", async () => {
    const same = `${"the same line over and over, as a program writes that waits\n".repeat(100)}`;
    const place = placeIn(same, 50 * 60).fingerprint;
    expect(await searchPlace(textOf([Buffer.from(same)]), place, 1e6)).toBeUndefined();
  });
});
