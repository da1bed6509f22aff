import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import type { LineFilterOptions } from "../stream/line-filter-types.ts";
import { createLineMatcher } from "../stream/line-matcher.ts";
import { fingerprintOf, TAIL_BYTES } from "../stream/tail-buffer.ts";
import type { LogPiece, PassedLines } from "./event.ts";
import { createLineSelector, type Selected, type SentPiece } from "./line-selection.ts";
import type { ContainerCursor, Position } from "./position.ts";
import { SentCount } from "./sent-limit.ts";
import { LogReplaced } from "./text.ts";

const grep = (pattern: string, before = 0, after = 0): LineFilterOptions => ({
  timestamps: false,
  grep: { matches: createLineMatcher({ pattern, fixed: true, ignoreCase: false }), invert: false, before, after },
});

/** Where a log lies at a byte. */
function positionAt(log: Buffer, offset: number): Position {
  const before = log.subarray(0, offset);
  const feeds = before.filter((byte) => byte === 0x0a).length;
  const place = { kind: "bytes", offset, fingerprint: fingerprintOf(before.subarray(-TAIL_BYTES)) } as const;
  const isInside = offset > 0 && before.at(-1) !== 0x0a;
  return { source: "s3", place, line: feeds + 1, ...(isInside && { inside: true }) };
}

/** The pieces of a log from a byte on. */
function piecesOf(log: Buffer, lengths: readonly number[], from = 0): LogPiece[] {
  let offset = from;
  return cut(log.subarray(from), lengths).map((bytes) => {
    const before = positionAt(log, offset);
    const piece: LogPiece = {
      kind: "text",
      bytes,
      times: undefined,
      line: before.line,
      lineFeeds: bytes.filter((byte) => byte === 0x0a).length,
      offset,
      mediaType: undefined,
      before,
      after: positionAt(log, offset + bytes.length),
    };
    offset += bytes.length;
    return piece;
  });
}

/** All that is selected of a log, from where a cursor leads. */
function select(
  log: string,
  lengths: readonly number[],
  options: LineFilterOptions | undefined,
  cursor?: ContainerCursor,
): Selected[] {
  const selector = createLineSelector(options, cursor);
  const place = cursor?.position.place;
  const pieces = piecesOf(Buffer.from(log), lengths, place?.kind === "bytes" ? place.offset : 0);
  return [...pieces.flatMap((piece) => [...selector.take(piece)]), ...selector.end()];
}

const sentOf = (all: readonly Selected[]): SentPiece[] => all.filter((each) => each.kind === "sent");
const textOf = (all: readonly Selected[]): string => Buffer.concat(sentOf(all).map(({ bytes }) => bytes)).toString();

const logs = fc
  .array(fc.constantFrom("a\n", "ab\n", "needle\n", "", "one needle\n", "c".repeat(30), "\n"), { maxLength: 14 })
  .map((lines) => lines.join(""));
const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
const filters = fc.constantFrom(undefined, grep("needle"), grep("needle", 1, 1), grep("a", 2));

describe("the lines of a container's log that are sent", () => {
  it("are all of them, in the pieces that they came in, where none are chosen", () => {
    fc.assert(
      fc.property(logs, lengths, (log, turns) => {
        const all = select(log, turns, undefined);
        expect(textOf(all)).toBe(log);
        for (const { bytes, line, lineFeeds, offset = -1, runs } of sentOf(all)) {
          expect(line).toBe(log.slice(0, offset).split("\n").length);
          expect(lineFeeds).toBe(bytes.filter((byte) => byte === 0x0a).length);
          expect(runs).toBeUndefined();
        }
      }),
    );
  });

  it("are those that match, with their numbers, however the log is cut", () => {
    fc.assert(
      fc.property(logs, lengths, (log, turns) => {
        const lines = log.split(/(?<=\n)/);
        const expected = lines.flatMap((line, index) => (line.includes("needle") ? [index + 1] : []));
        const all = select(log, turns, grep("needle"));
        expect(textOf(all)).toBe(lines.filter((line) => line.includes("needle")).join(""));
        const numbers = sentOf(all).flatMap(({ runs = [] }) =>
          runs.flatMap(({ firstLine, count }) => Array.from({ length: count }, (_, index) => firstLine + index)),
        );
        expect([...new Set(numbers)]).toEqual(expected);
      }),
    );
  });

  it("are the rest of them where they are resumed behind any piece, sent or not, in other pieces than before", () => {
    fc.assert(
      fc.property(logs, lengths, lengths, filters, (log, turns, others, filter) => {
        const whole = textOf(select(log, turns, filter));
        let sent = "";
        for (const selected of select(log, turns, filter)) {
          if (selected.kind !== "sent" && selected.kind !== "scanned") continue;
          if (selected.kind === "sent") sent += Buffer.from(selected.bytes).toString();
          expect(sent + textOf(select(log, others, filter, selected.cursor))).toBe(whole);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are the rest of them where a limit has cut them anywhere, again and again", () => {
    fc.assert(
      fc.property(logs, lengths, filters, fc.integer({ min: 1, max: 9 }), (log, turns, filter, bytes) => {
        const whole = textOf(select(log, turns, filter));
        let sent = "";
        let cursor: ContainerCursor | undefined;
        for (let call = 0; call <= whole.length; call += 1) {
          const count = new SentCount({ lines: undefined, bytes }, { lines: 0, bytes: 0, inside: false });
          let isReached = false;
          for (const piece of sentOf(select(log, turns, filter, cursor))) {
            const taken = count.take(piece);
            sent += Buffer.from(taken.piece?.bytes ?? []).toString();
            cursor = taken.piece?.cursor ?? piece.before;
            isReached = taken.reached;
            if (isReached) break;
          }
          if (!isReached) break;
        }
        expect(sent).toBe(whole);
      }),
      { numRuns: 300 },
    );
  });

  it("are those of the log that was read before: another one, or a shorter one, is not resumed", () => {
    const [piece] = sentOf(select("one\ntwo\n", [100], undefined));
    if (piece === undefined) throw new Error("Nothing was sent.");
    const count = new SentCount({ lines: undefined, bytes: 6 }, { lines: 0, bytes: 0, inside: false });
    const cursor = count.take(piece).piece?.cursor;
    expect(cursor?.sent).toBe(6);
    expect(textOf(select("one\ntwo\n", [100], undefined, cursor))).toBe("o\n");
    expect(() => select("ONE\ntwo\n", [100], undefined, cursor)).toThrow(LogReplaced);
    expect(() => select("one\n", [100], undefined, cursor)).toThrow(LogReplaced);
  });

  it("are none of those that are passed over, which are told as looked through", () => {
    for (const options of [undefined, grep("needle")]) {
      const selector = createLineSelector(options, undefined);
      const passed: PassedLines = { kind: "passed", bytes: 8, after: positionAt(Buffer.from("one\ntwo\n"), 8) };
      expect([...selector.take(passed)]).toMatchObject([{ kind: "scanned", bytes: 8, searching: true }]);
    }
  });

  it("are told as searched for only where they are chosen", () => {
    const scanned = (options?: LineFilterOptions) =>
      select("one\n", [100], options).flatMap((each) => (each.kind === "scanned" ? [each.searching] : []));
    expect([scanned(), scanned(grep("needle"))]).toEqual([[false], [true]]);
  });

  it("do not continue the line before a cut", () => {
    const selector = createLineSelector(grep("needle"), undefined);
    const [begun] = piecesOf(Buffer.from("nee"), [100]);
    const [rest] = piecesOf(Buffer.from("dle\nneedle\n"), [100]);
    if (begun === undefined || rest === undefined) throw new Error("There are no pieces.");
    const elsewhere = { ...rest, line: 7 };
    const all = [...selector.take(begun), ...selector.cut(), ...selector.take(elsewhere), ...selector.end()];
    expect(sentOf(all).map(({ bytes, line }) => [Buffer.from(bytes).toString(), line])).toEqual([["needle\n", 8]]);
  });

  it("are all that comes behind a cut: what a cursor says was done with lay before it", () => {
    const log = "needle 1\nneedle 2\nneedle 3\n";
    for (const options of [undefined, grep("needle")]) {
      const [piece] = sentOf(select(log, [100], options));
      if (piece === undefined) throw new Error("Nothing was sent.");
      const count = new SentCount({ lines: 2, bytes: undefined }, { lines: 0, bytes: 0, inside: false });
      for (const cursor of [count.take(piece).piece?.cursor, piece.cursor]) {
        const selector = createLineSelector(options, cursor);
        const [other] = piecesOf(Buffer.from("needle 8\nneedle 9\n"), [100]);
        if (other === undefined) throw new Error("There is no piece.");
        const all = [...selector.cut(), ...selector.take(other), ...selector.end()];
        expect(textOf(all)).toBe("needle 8\nneedle 9\n");
      }
    }
  });

  it("end before the first line of a time at which they are to end", () => {
    const options = { timestamps: false, until: "2026-01-01T00:00:02.000000000Z" };
    const log = [1, 2, 3].map((second) => `2026-01-01T00:00:0${second}Z line\n`).join("");
    const all = select(log, [1000], options);
    expect(textOf(all)).toBe("2026-01-01T00:00:01Z line\n");
    expect(all.some(({ kind }) => kind === "until-reached")).toBe(true);
  });

  it("are searched for in the beginning of a line that is too long, which is told once", () => {
    const options = { ...grep("needle"), lineBytes: 1_024 };
    const long = `needle${"x".repeat(5_000)}\n`;
    const all = select(long + long, [500], options);
    expect(textOf(all)).toBe(long + long);
    expect(all.filter(({ kind }) => kind === "line-cut")).toHaveLength(1);
  });
});
