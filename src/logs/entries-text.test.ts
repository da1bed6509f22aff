import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  entriesLog,
  isSince,
  kubeletAnswer,
  type NodeLine,
  nodeLog,
  PODS,
  scriptSource,
  timeOf,
} from "../../test/fakes/script-source.ts";
import type { LogTarget, OpenedEntries } from "../sources/source.ts";
import { EntriesText } from "./entries-text.ts";
import { openEntriesAt, sinceOf } from "./open-entries.ts";
import type { TimedPlace } from "./place.ts";
import { SourceRequest, SourceRequests } from "./source-request.ts";
import type { LogText, TextPiece } from "./text.ts";

const never = new AbortController().signal;
const CUTS = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });

async function readText(text: LogText): Promise<readonly TextPiece[]> {
  const pieces: TextPiece[] = [];
  for (let piece = await text.next(); piece !== undefined; piece = await text.next()) pieces.push(piece);
  return pieces;
}

/** Reads a log that has been opened at its beginning or, where a place is given, a little before the place. */
function read(log: OpenedEntries, place?: TimedPlace): Promise<readonly TextPiece[]> {
  const offset = place === undefined ? 0 : place.text?.offset;
  return readText(new EntriesText(log, new SourceRequest(never), { place, offset, growing: false }));
}

const textIn = (pieces: readonly { readonly bytes: Uint8Array }[]): string =>
  Buffer.concat(pieces.map(({ bytes }) => bytes)).toString();
const textOf = (lines: readonly NodeLine[]): string => lines.map(({ text }) => text).join("");
const timesIn = (pieces: readonly TextPiece[]): string[] => pieces.flatMap(({ times }) => [...(times?.times ?? [])]);
const timedPlace = ({ after }: TextPiece): TimedPlace => {
  if (after.kind !== "times") throw new Error("The place is of another kind.");
  return after;
};

/**
 * Logs of lines of which each was written so long after the one before it, in nanoseconds.
 *
 * @param maxBack how much earlier than any line before it a line may be.
 */
const logsOf = (maxBack: number, ...steps: readonly number[]) =>
  fc
    .array(
      fc.record({
        step: fc.constantFrom(...steps),
        text: fc.stringMatching(/^[a-zß]{0,6}$/).map((text) => `${text}\n`),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((parts): NodeLine[] => {
      let nanos = 0;
      let latest = 0;
      return parts.map(({ step, text }) => {
        nanos = Math.max(0, latest - maxBack, nanos + step);
        latest = Math.max(latest, nanos);
        return { nanos, text };
      });
    });
/** Times mostly grow, some are equal, and some go back a little, as those of two streams do. */
const mixed = logsOf(1.9e9, 0, 0, 1, 1_000, 400_000_000, 1_700_000_000, -1, -300_000_000);
/** The node's clock is set, by seconds and by minutes. */
const stepping = logsOf(1e12, 0, 1, 400_000_000, 1_700_000_000, 90e9, -300_000_000, -1_700_000_000, -7e9, -150e9);

describe("the text of a log whose lines have times", () => {
  it("is its lines without them, wherever its bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(stepping, CUTS, async (lines, lengths) => {
        const pieces = await read(await nodeLog(lines, {}, lengths));
        expect(textIn(pieces)).toBe(textOf(lines));
        expect(timesIn(pieces)).toEqual(lines.map(({ nanos }) => timeOf(nanos)));
        for (const { bytes, times } of pieces) {
          expect(times?.starts.every((start) => start < bytes.length)).toBe(true);
        }
      }),
    );
  });

  it("says where each line begins, also where bytes before it are replaced", async () => {
    const broken = Buffer.concat([Buffer.from(`${timeOf(0)} a`), Buffer.from([0xff, 0xfe]), Buffer.from("b\n")]);
    const whole = Buffer.concat([broken, Buffer.from(`${timeOf(1)} c\n`)]);
    for (let at = 1; at < whole.length; at += 1) {
      const pieces = await read(entriesLog([Buffer.from(whole.subarray(0, at)), Buffer.from(whole.subarray(at))]));
      expect(textIn(pieces)).toBe("a\ufffd\ufffdb\nc\n");
      const starts = pieces.flatMap(({ bytes, times }, index) => {
        const before = textBytes(pieces.slice(0, index));
        expect(times?.starts.every((start) => start < bytes.length)).toBe(true);
        return (times?.starts ?? []).map((start) => before + start);
      });
      expect(starts).toEqual([0, 9]);
    }
  });

  it("tells how much of it lies before each piece's end", async () => {
    const pieces = await read(
      await nodeLog(
        [0, 1, 2].map((nanos) => ({ nanos, text: "größe\n" })),
        {},
        [40],
      ),
    );
    let offset = 0;
    for (const piece of pieces) {
      offset += piece.bytes.length;
      expect(timedPlace(piece).text?.offset).toBe(offset);
    }
    expect(offset).toBe(24);
  });
});

describe("the text of a log whose lines have times, resumed behind any piece", () => {
  /** Resumes as the source is asked for a log that is too long to be read from its beginning. */
  async function resumed(lines: readonly NodeLine[], place: TimedPlace, cuts: readonly number[]) {
    return read(await nodeLog(lines, { since: sinceOf(place) }, cuts), place);
  }

  const isWhole = async (lines: readonly NodeLine[], cuts: readonly number[], others: readonly number[]) => {
    const pieces = await read(await nodeLog(lines, {}, cuts));
    for (const [index, piece] of pieces.entries()) {
      const rest = await resumed(lines, timedPlace(piece), others);
      expect(textIn(pieces.slice(0, index + 1)) + textIn(rest)).toBe(textOf(lines));
      expect(rest.some(({ lost }) => lost)).toBe(false);
    }
  };

  it.each([undefined, -1_695_294_555])("lacks no line, and has none twice or cut (seed %s)", async (seed) => {
    await fc.assert(fc.asyncProperty(mixed, CUTS, CUTS, isWhole), {
      numRuns: 150,
      ...(seed !== undefined && { seed }),
    });
  });

  it("lacks no line where times step back by little, again and again", async () => {
    const lines = [0.4, 2.1, 1.8, 1.5, 1.2, 0.9].map((seconds) => ({ nanos: seconds * 1e9, text: `${seconds}\n` }));
    await isWhole(lines, [33], [7]);
  });

  it("has all that the node gives, once, where the node's clock is set back by seconds and minutes", async () => {
    await fc.assert(
      fc.asyncProperty(stepping, CUTS, CUTS, async (lines, cuts, others) => {
        const pieces = await read(await nodeLog(lines, {}, cuts));
        let begun = "";
        for (const piece of pieces) {
          begun += Buffer.from(piece.bytes).toString();
          const place = timedPlace(piece);
          const rest = await resumed(lines, place, others);
          // Of the lines behind the place, a kubelet leaves out those that are older than it is asked for.
          const count = begun.split("\n").length - 1;
          const given = lines.slice(count).filter((line) => isSince(line, sinceOf(place)));
          const cutLine = begun.slice(begun.lastIndexOf("\n") + 1);
          expect(cutLine + textIn(rest)).toBe(textOf(given));
          expect(rest.some(({ lost }) => lost)).toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("lacks no line of a short log, however far its clock is set back: it is read from its beginning", async () => {
    await fc.assert(
      fc.asyncProperty(stepping, CUTS, CUTS, async (lines, cuts, others) => {
        const pieces = await read(await nodeLog(lines, {}, cuts));
        const source = scriptSource("pods", PODS, (options) => nodeLog(lines, options, others));
        const requests = new SourceRequests(source, {} as LogTarget, never);
        for (const [index, piece] of pieces.entries()) {
          const place = timedPlace(piece);
          const { text } = await openEntriesAt(requests, place, { follow: false, growing: false }, PODS);
          const rest = await readText(text);
          expect(textIn(pieces.slice(0, index + 1)) + textIn(rest)).toBe(textOf(lines));
          expect(rest.some(({ lost }) => lost)).toBe(false);
          expect(rest.at(-1)?.after ?? place).toEqual(pieces.at(-1)?.after);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    { follow: false, newest: 400 },
    { follow: true, newest: 400 },
    { follow: false, newest: 600 },
    { follow: true, newest: 600 },
  ])("lacks no line of a long log whose clock is set back behind the place: %j", async ({ follow, newest }) => {
    const long = Array.from({ length: 300 }, (_, index) => ({
      nanos: (200 + index) * 1e9,
      text: `${"x".repeat(1_024)} ${index}\n`,
    }));
    const after = [0, 1, 2, newest].map((second) => ({ nanos: second * 1e9, text: `after ${second}\n` }));
    const place = timedPlace((await read(await nodeLog(long, {}))).at(-1) ?? expect.fail("Nothing was read."));
    const source = scriptSource("pods", PODS, (options) => nodeLog([...long, ...after], options));
    const requests = new SourceRequests(source, {} as LogTarget, never);
    const { text } = await openEntriesAt(requests, place, { follow, growing: follow }, PODS);
    const rest = await readText(text);
    // What the node cannot give back has to be told.
    if (!rest.some(({ lost }) => lost)) expect(textIn(rest)).toBe(textOf(after));
  });

  it("counts the lines at the last time, and the bytes of one that is cut", async () => {
    const lines = [0, 5, 5, 5].map((nanos, index) => ({ nanos, text: `line ${index}\n` }));
    const [piece] = await read(await nodeLog(lines, {}));
    expect(piece?.after).toMatchObject({ time: timeOf(5), lines: 3, part: 0 });
    const [half] = await read(await nodeLog([...lines.slice(0, 3), { nanos: 5, text: "li" }], {}));
    expect(half?.after).toMatchObject({ time: timeOf(5), lines: 2, part: 2 });
  });

  it("is asked for from two seconds before the earliest line that is counted, in whole seconds", () => {
    expect(sinceOf({ time: "2026-01-01T00:00:10.999999999Z" })).toBe("2026-01-01T00:00:08Z");
    expect(sinceOf({ time: "2026-01-01T00:00:00.000000000Z" })).toBe("2025-12-31T23:59:58Z");
    const earliest = "2026-01-01T00:00:05.500000000Z";
    expect(sinceOf({ time: "2026-01-01T00:00:10.999999999Z", earliest })).toBe("2026-01-01T00:00:03Z");
  });

  it("says where lines are lost: the place to resume at is no longer there", async () => {
    const lines = [0, 1, 2, 3].map((nanos, index) => ({ nanos, text: `line ${index}\n` }));
    const [piece] = await read(await nodeLog(lines.slice(0, 2), {}));
    if (piece === undefined) throw new Error("Nothing was read.");
    const rest = await read(await nodeLog(lines.slice(3), {}), timedPlace(piece));
    expect([textIn(rest), rest.map(({ lost }) => lost)]).toEqual(["line 3\n", [true]]);
  });
});

describe("the text of a log whose lines have times, that is cut off", () => {
  it("lacks half a time at its end", async () => {
    const whole = kubeletAnswer([
      { nanos: 0, text: "one\n" },
      { nanos: 1, text: "two\n" },
    ]);
    const begin = whole.indexOf("\n") + 1;
    for (let length = begin; length <= begin + 31; length += 1) {
      expect(textIn(await read(entriesLog([whole.slice(0, length)])))).toBe("one\n");
    }
  });

  it("goes out before the failure that it ends with", async () => {
    const failure = new Error("broken");
    const text = new EntriesText(entriesLog([`${timeOf(0)} one\n`, failure]), new SourceRequest(never), {
      place: undefined,
      offset: 0,
      growing: false,
    });
    expect(textIn([(await text.next()) ?? expect.fail("Nothing was read.")])).toBe("one\n");
    await expect(text.next()).rejects.toBe(failure);
  });

  it("ends without a failure where its reader closes it", async () => {
    const request = new SourceRequest(never);
    const missing = new Promise<string>((_, reject) => {
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
    });
    const text = new EntriesText(entriesLog([`${timeOf(0)} one\n`, missing]), request, {
      place: undefined,
      offset: 0,
      growing: true,
    });
    await text.next();
    const next = text.next();
    text.close();
    expect(await next).toBeUndefined();
    expect(request.signal.aborted).toBe(true);
  });
});

function textBytes(pieces: readonly TextPiece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
