import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import type { LogSource } from "../sources/source.ts";
import { waitReally } from "../wait.ts";
import type { LogPiece } from "./event.ts";
import { type MergedEvent, type MergeOptions, mergeLogs } from "./merge-logs.ts";
import type { Position } from "./position.ts";
import { type PositionedPiece, positioned } from "./positioned.ts";
import type { LogText, TextPiece } from "./text.ts";
import type { ContainerView } from "./view.ts";

/** A line of a log, and when it was written. */
interface Line {
  readonly time: number;
  readonly text: string;
}

type Event = MergedEvent<Exclude<PositionedPiece, LogPiece>>;

const SOURCE = { name: "pods", capabilities: { live: true, tellsTimes: true } } as LogSource;
const VIEW = { pod: undefined, status: undefined } as ContainerView;
const never = new AbortController().signal;
const PATIENT: MergeOptions = { patienceMs: undefined, wait: waitReally, signal: never };
const timeOf = (time: number): string => `2026-01-01T00:00:00.${String(time).padStart(9, "0")}Z`;
const proof = { length: 0, hash: "" };

/** The text of a log from a byte on, in pieces that end at these bytes. */
function textOf(lines: readonly Line[], cuts: readonly number[], from: number): LogText {
  const whole = Buffer.from(lines.map(({ text }) => text).join(""));
  const starts: { at: number; time: string }[] = [];
  let length = 0;
  for (const { time, text } of lines) {
    starts.push({ at: length, time: timeOf(time) });
    length += Buffer.byteLength(text);
  }
  const ends = [...new Set(cuts.filter((each) => each > from && each < whole.length)), whole.length].sort(
    (a, b) => a - b,
  );
  const place = (offset: number) => ({ kind: "bytes", offset, proof }) as const;
  const pieces = async function* (): AsyncGenerator<TextPiece> {
    let begin = from;
    for (const end of ends) {
      if (end === begin) continue;
      const times = starts
        .filter(({ at }) => at >= begin && at < end)
        .map(({ at, time }) => ({ at: at - begin, time }));
      yield { bytes: whole.subarray(begin, end), times, after: place(end) };
      begin = end;
    }
  };
  return {
    pieces: pieces(),
    begin: place(from),
    line: from === 0 ? 1 : undefined,
    relative: false,
    offset: from,
    delimited: true,
    mediaType: undefined,
  };
}

/** Opens logs, each from its beginning or behind a position. */
function open(logs: readonly (readonly Line[])[], cuts: readonly number[], at: ReadonlyMap<string, Position>) {
  return logs.map((lines, index) => {
    const name = String(index);
    const position = at.get(name);
    const from = position?.place.kind === "bytes" ? position.place.offset : 0;
    return { name, events: positioned(textOf(lines, cuts, from), SOURCE, VIEW, position, undefined) };
  });
}

async function collect(events: AsyncIterable<Event>): Promise<LogPiece[]> {
  const pieces: LogPiece[] = [];
  for await (const { event, name } of events) {
    if (event.kind === "text") pieces.push({ ...event, mediaType: name });
  }
  return pieces;
}

/** What came, line by line, as `log:text`; the parts of a line put together. */
function linesOf(pieces: readonly LogPiece[]): string[] {
  const lines: string[] = [];
  let open = false;
  for (const { bytes, mediaType } of pieces) {
    for (const part of Buffer.from(bytes)
      .toString()
      .split(/(?<=\n)/)) {
      if (open) lines[lines.length - 1] += part;
      else lines.push(`${mediaType}:${part}`);
      open = !part.endsWith("\n");
    }
  }
  return lines;
}

const logs = fc.array(
  fc.array(fc.record({ step: fc.nat(3), text: fc.stringMatching(/^[a-zé]{0,5}$/).map((text) => `${text}\n`) }), {
    maxLength: 8,
  }),
  { minLength: 1, maxLength: 4 },
);
const inOrder = (steps: readonly { readonly step: number; readonly text: string }[]): Line[] => {
  let time = 0;
  return steps.map(({ step, text }) => {
    time += step;
    return { time, text };
  });
};
/** Never inside a character. */
const cutsOf = (lines: readonly (readonly Line[])[], wished: readonly number[]): readonly number[] =>
  wished.filter((cut) =>
    lines.every((each) => ((Buffer.from(each.map(({ text }) => text).join(""))[cut] ?? 0) & 0xc0) !== 0x80),
  );
const sorted = (all: readonly (readonly Line[])[]): string[] =>
  all
    .flatMap((lines, order) => lines.map((line, index) => ({ ...line, order, index })))
    .sort((a, b) => a.time - b.time || a.order - b.order || a.index - b.index)
    .map(({ order, text }) => `${order}:${text}`);

describe("logs that are merged", () => {
  it("are in the order of their lines' times and, where those are equal, of the logs: whatever pieces they come in", async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.array(fc.nat(40), { maxLength: 8 }), async (steps, wished) => {
        const all = steps.map(inOrder);
        const pieces = await collect(mergeLogs(open(all, cutsOf(all, wished), new Map()), PATIENT));
        expect(linesOf(pieces)).toEqual(sorted(all));
      }),
      { numRuns: 300 },
    );
  });

  it("know for each piece its first line, its place and its lines' times", async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.array(fc.nat(40), { maxLength: 8 }), async (steps, wished) => {
        const all = steps.map(inOrder);
        const pieces = await collect(mergeLogs(open(all, cutsOf(all, wished), new Map()), PATIENT));
        for (const { bytes, line, offset = -1, times = [], mediaType } of pieces) {
          const lines = all[Number(mediaType)] ?? [];
          const before = Buffer.from(lines.map(({ text }) => text).join("")).subarray(0, offset);
          expect(line).toBe(1 + before.filter((byte) => byte === 0x0a).length);
          const isStart = offset === 0 || before.at(-1) === 0x0a;
          const count = bytes.filter((byte) => byte === 0x0a).length + (bytes.at(-1) === 0x0a ? 0 : 1);
          const first = isStart ? line : line + 1;
          const expected = lines.slice(first - 1, line - 1 + count).map(({ time }) => timeOf(time));
          expect(times.map(({ time }) => time)).toEqual(expected);
          expect(times.every(({ at }) => at === 0 || bytes[at - 1] === 0x0a)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("are the same where they are gone on with behind any piece, in other pieces than before", async () => {
    const lengths = fc.array(fc.nat(40), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(logs, lengths, lengths, async (steps, wished, others) => {
        const all = steps.map(inOrder);
        const pieces = await collect(mergeLogs(open(all, cutsOf(all, wished), new Map()), PATIENT));
        const at = new Map<string, Position>();
        for (const [index, piece] of pieces.entries()) {
          at.set(piece.mediaType ?? "", piece.after);
          const rest = await collect(mergeLogs(open(all, cutsOf(all, others), at), PATIENT));
          expect(linesOf([...pieces.slice(0, index + 1), ...rest])).toEqual(sorted(all));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("are still all there where times go back, each in its own order", async () => {
    const wild = fc.array(
      fc.array(fc.record({ time: fc.nat(9), text: fc.constantFrom("a\n", "b\n") }), { maxLength: 8 }),
      {
        maxLength: 3,
      },
    );
    await fc.assert(
      fc.asyncProperty(wild, fc.array(fc.nat(20), { maxLength: 5 }), async (all, cuts) => {
        const lines = linesOf(await collect(mergeLogs(open(all, cuts, new Map()), PATIENT)));
        for (const [order, own] of all.entries()) {
          expect(lines.filter((each) => each.startsWith(`${order}:`))).toEqual(
            own.map(({ text }) => `${order}:${text}`),
          );
        }
        expect(lines).toHaveLength(all.flat().length);
      }),
    );
  });
});

describe("what is read of logs that are merged", () => {
  /** A log that a test writes, piece by piece. */
  function written() {
    const ready: (IteratorResult<LogPiece> | Error)[] = [];
    let wake = (): void => undefined;
    let asked = 0;
    let left = 0;
    const put = (next: IteratorResult<LogPiece> | Error): void => {
      ready.push(next);
      wake();
    };
    const events: AsyncIterator<LogPiece> = {
      async next() {
        asked += 1;
        for (;;) {
          const next = ready.shift();
          if (next instanceof Error) throw next;
          if (next !== undefined) return next;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      async return() {
        left += 1;
        return { done: true, value: undefined };
      },
    };
    return {
      events,
      get asked() {
        return asked;
      },
      get left() {
        return left;
      },
      write: (time: number, text: string) =>
        put({ done: false, value: { ...PIECE, bytes: Buffer.from(text), times: [{ at: 0, time: timeOf(time) }] } }),
      fail: (error: Error) => put(error),
      end: () => put({ done: true, value: undefined }),
    };
  }
  const position = { source: "pods", place: { kind: "bytes", offset: 0, proof }, line: 1 } as const;
  const PIECE: Omit<LogPiece, "bytes" | "times"> = {
    kind: "text",
    line: 1,
    offset: undefined,
    mediaType: undefined,
    before: position,
    after: position,
  };
  const textIn = (next: IteratorResult<MergedEvent<never>>): string =>
    next.done ? "(end)" : `${next.value.name}:${Buffer.from(next.value.event.bytes).toString()}`;
  const merge = (all: readonly ReturnType<typeof written>[], options: MergeOptions) =>
    mergeLogs<never>(
      all.map(({ events }, index) => ({ name: String(index), events })),
      options,
    );

  it("is one piece of each at the most that is not out yet", async () => {
    const [a, b] = [written(), written()];
    for (let time = 0; time < 50; time += 1) a.write(time, "a\n");
    b.write(100, "b\n");
    const merged = merge([a, b], PATIENT);
    for (let out = 1; out <= 50; out += 1) {
      expect(textIn(await merged.next())).toBe("0:a\n");
      expect([a.asked, b.asked]).toEqual([out, 1]);
    }
    await merged.return();
    expect([a.left, b.left]).toEqual([1, 1]);
  });

  it("waits for a log that is quiet once, and then no more until it says something", async () => {
    const waits = createWaits();
    const [a, b] = [written(), written()];
    const merged = merge([a, b], { patienceMs: 250, wait: waits.wait, signal: never });
    a.write(1, "one\n");
    const first = merged.next();
    await waits.until((ms) => ms === 250);
    waits.pass((ms) => ms === 250);
    expect(textIn(await first)).toBe("0:one\n");
    for (const text of ["two\n", "three\n"]) {
      a.write(2, text);
      expect(textIn(await merged.next())).toBe(`0:${text}`);
      expect(waits.pending).toEqual([]);
    }
    // It is heard again, and waited for again.
    b.write(3, "here\n");
    const here = merged.next();
    await waits.until((ms) => ms === 250);
    waits.pass((ms) => ms === 250);
    expect(textIn(await here)).toBe("1:here\n");
    a.write(4, "four\n");
    const fourth = merged.next();
    await waits.until((ms) => ms === 250);
    b.write(3, "earlier\n");
    expect(textIn(await fourth)).toBe("1:earlier\n");
    await merged.return();
  });

  it("is not cut into by another log inside a line, unless the rest does not come", async () => {
    const waits = createWaits();
    const [a, b] = [written(), written()];
    const merged = merge([a, b], { patienceMs: 250, wait: waits.wait, signal: never });
    a.write(5, "begun");
    b.write(6, "b\n");
    expect(textIn(await merged.next())).toBe("0:begun");
    const next = merged.next();
    await waits.until((ms) => ms === 250);
    a.write(9, " and ended\n");
    expect(textIn(await next)).toBe("0: and ended\n");
    a.write(10, "begun again");
    expect(textIn(await merged.next())).toBe("1:b\n");
    await merged.return();
  });

  it("fails with the first of them that fails, and leaves the others", async () => {
    const [a, b] = [written(), written()];
    const failure = new Error("broken");
    a.write(1, "one\n");
    b.fail(failure);
    await expect(merge([a, b], PATIENT).next()).rejects.toBe(failure);
    expect([a.left, b.left]).toEqual([1, 1]);
  });

  it("is left at once by whoever stops, though all of them are quiet", async () => {
    const stop = new AbortController();
    const all = [written(), written()];
    const next = merge(all, { ...PATIENT, signal: stop.signal }).next();
    stop.abort(new Error("stopped"));
    await expect(next).rejects.toThrow("stopped");
    expect(all.map(({ left }) => left)).toEqual([1, 1]);
  });

  it("ends where all of them have ended, and at once where there are none", async () => {
    const [a, b] = [written(), written()];
    a.write(1, "a\n");
    a.end();
    b.end();
    const merged = merge([a, b], PATIENT);
    expect([textIn(await merged.next()), textIn(await merged.next())]).toEqual(["0:a\n", "(end)"]);
    expect(textIn(await merge([], PATIENT).next())).toBe("(end)");
  });
});
