import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import { sleep } from "../sleep.ts";
import { fingerprintOf } from "../stream/tail-buffer.ts";
import { linesIn } from "./entries-text.ts";
import type { LogPiece, PassedLines } from "./event.ts";
import { LineNumbers } from "./line-numbers.ts";
import { type EventReader, LogMerge, type MergedEvent, type MergeOptions } from "./merge-logs.ts";
import type { Position } from "./position.ts";
import type { LogText, StartedText, TextPiece } from "./text.ts";

/** A line of a log, and when it was written. */
interface Line {
  readonly time: number;
  readonly text: string;
}

const never = new AbortController().signal;
const PATIENT: MergeOptions = { maxDelayMs: undefined, sleep, signal: never };
const timeOf = (nanos: number): string => {
  const seconds = Math.floor(nanos / 1e9);
  const fraction = String(nanos - seconds * 1e9).padStart(9, "0");
  return `${new Date(Date.UTC(2026) + seconds * 1_000).toISOString().slice(0, 19)}.${fraction}Z`;
};
const fingerprint = fingerprintOf(new Uint8Array(0));

/** The text of a log from a byte on, in pieces that end at these bytes. */
function textOf(lines: readonly Line[], cuts: readonly number[], from: number): StartedText {
  const bytes = Buffer.from(lines.map(({ text }) => text).join(""));
  const starts: number[] = [];
  let length = 0;
  for (const { text } of lines) {
    starts.push(length);
    length += Buffer.byteLength(text);
  }
  const times = { starts, times: lines.map(({ time }) => timeOf(time)) };
  const ends = [...new Set(cuts.filter((each) => each > from && each < bytes.length)), bytes.length].sort(
    (a, b) => a - b,
  );
  const place = (offset: number) => ({ kind: "bytes", offset, fingerprint }) as const;
  const pieces: TextPiece[] = [];
  let begin = from;
  for (const end of ends) {
    if (end === begin) continue;
    pieces.push({ ...linesIn({ bytes, times }, begin, end), after: place(end), lost: false });
    begin = end;
  }
  const text: LogText = {
    delimited: true,
    mediaType: undefined,
    decoding: undefined,
    document: undefined,
    timed: false,
    replaced: false,
    next: async () => pieces.shift(),
    putBack: (piece) => void pieces.unshift(piece),
    close: () => undefined,
  };
  return { text, start: { place: place(from), line: from === 0 ? 1 : undefined, relative: false, offset: from } };
}

/** Opens logs, each from its beginning or behind a position. */
function open(logs: readonly (readonly Line[])[], cuts: readonly number[], at: ReadonlyMap<string, Position>) {
  return logs.map((lines, index) => {
    const name = String(index);
    const position = at.get(name);
    const started = textOf(lines, cuts, position?.place.kind === "bytes" ? position.place.offset : 0);
    const numbers = new LineNumbers(started, {
      source: "pods",
      instance: undefined,
      from: position,
      firstLine: undefined,
    });
    const events: EventReader<PassedLines> = {
      async next() {
        const piece = await started.text.next();
        return piece && numbers.number(piece);
      },
      close: () => undefined,
    };
    return { name, events };
  });
}

/** All pieces of logs that are merged, each with its log's name as its media type. */
async function mergeAll(
  logs: readonly (readonly Line[])[],
  cuts: readonly number[],
  at: ReadonlyMap<string, Position> = new Map(),
): Promise<LogPiece[]> {
  const merge = new LogMerge<PassedLines>(PATIENT);
  for (const { name, events } of open(logs, cuts, at)) merge.add(name, events);
  const pieces: LogPiece[] = [];
  for (let told = await merge.next(); told !== undefined; told = await merge.next()) {
    const { event, name } = told;
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
        const pieces = await mergeAll(all, cutsOf(all, wished));
        expect(linesOf(pieces)).toEqual(sorted(all));
      }),
      { numRuns: 300 },
    );
  });

  it("know for each piece its first line, its place and its lines' times", async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.array(fc.nat(40), { maxLength: 8 }), async (steps, wished) => {
        const all = steps.map(inOrder);
        const pieces = await mergeAll(all, cutsOf(all, wished));
        for (const { bytes, line, lineFeeds, offset = -1, times, mediaType } of pieces) {
          const lines = all[Number(mediaType)] ?? [];
          const before = Buffer.from(lines.map(({ text }) => text).join("")).subarray(0, offset);
          expect(line).toBe(1 + before.filter((byte) => byte === 0x0a).length);
          const isStart = offset === 0 || before.at(-1) === 0x0a;
          const count = bytes.filter((byte) => byte === 0x0a).length + (bytes.at(-1) === 0x0a ? 0 : 1);
          const first = isStart ? line : line + 1;
          const expected = lines.slice(first - 1, line - 1 + count).map(({ time }) => timeOf(time));
          expect(times?.times ?? []).toEqual(expected);
          expect(times?.starts.every((at) => at === 0 || bytes[at - 1] === 0x0a)).toBe(true);
          expect(lineFeeds).toBe(bytes.filter((byte) => byte === 0x0a).length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("are the same where they are resumed behind any piece, in other pieces than before", async () => {
    const lengths = fc.array(fc.nat(40), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(logs, lengths, lengths, async (steps, wished, others) => {
        const all = steps.map(inOrder);
        const pieces = await mergeAll(all, cutsOf(all, wished));
        const at = new Map<string, Position>();
        for (const [index, piece] of pieces.entries()) {
          at.set(piece.mediaType ?? "", piece.after);
          const rest = await mergeAll(all, cutsOf(all, others), at);
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
        const lines = linesOf(await mergeAll(all, cuts));
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
  interface Notice {
    readonly kind: "notice";
    readonly message: string;
  }

  /** A log that a test writes, piece by piece. */
  function written() {
    const ready: (LogPiece | Notice | Error | "end")[] = [];
    let wake = (): void => undefined;
    let asked = 0;
    let left = 0;
    const put = (next: LogPiece | Notice | Error | "end"): void => {
      ready.push(next);
      wake();
    };
    const events: EventReader<Notice> = {
      async next() {
        asked += 1;
        for (;;) {
          const next = ready.shift();
          if (next instanceof Error) throw next;
          if (next === "end") return undefined;
          if (next !== undefined) return next;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      close() {
        left += 1;
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
        put({ ...PIECE, bytes: Buffer.from(text), times: { starts: [0], times: [timeOf(time)] } }),
      /** The rest of a line. */
      continue: (text: string) => put({ ...PIECE, bytes: Buffer.from(text), times: { starts: [], times: [] } }),
      tell: (message: string) => put({ kind: "notice", message }),
      fail: (error: Error) => put(error),
      end: () => put("end"),
    };
  }
  const position = { source: "pods", place: { kind: "bytes", offset: 0, fingerprint }, line: 1 } as const;
  const PIECE: Omit<LogPiece, "bytes" | "times"> = {
    kind: "text",
    line: 1,
    lineFeeds: 1,
    offset: undefined,
    mediaType: undefined,
    before: position,
    after: position,
  };
  const textIn = (told: MergedEvent<Notice> | undefined): string => {
    if (told === undefined) return "(end)";
    const { name, event } = told;
    return `${name}:${event.kind === "text" ? Buffer.from(event.bytes).toString() : `(${event.message})`}`;
  };
  const merge = (all: readonly ReturnType<typeof written>[], options: MergeOptions) => {
    const merged = new LogMerge<Notice>(options);
    for (const [index, { events }] of all.entries()) merged.add(String(index), events);
    return merged;
  };

  it("is one piece of each at the most that is not out yet", async () => {
    const [a, b] = [written(), written()];
    for (let time = 0; time < 50; time += 1) a.write(time, "a\n");
    b.write(100, "b\n");
    const merged = merge([a, b], PATIENT);
    for (let out = 1; out <= 50; out += 1) {
      expect(textIn(await merged.next())).toBe("0:a\n");
      expect([a.asked, b.asked]).toEqual([out, 1]);
    }
    merged.close();
    expect([a.left, b.left]).toEqual([1, 1]);
  });

  it("waits for a log that is quiet once, and then no more until it says something", async () => {
    const waits = createWaits();
    const [a, b] = [written(), written()];
    const merged = merge([a, b], { maxDelayMs: 250, sleep: waits.wait, signal: never });
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
    merged.close();
  });

  it("is not cut into by another log inside a line, unless the rest does not come", async () => {
    const waits = createWaits();
    const [a, b] = [written(), written()];
    const merged = merge([a, b], { maxDelayMs: 250, sleep: waits.wait, signal: never });
    a.write(5, "begun");
    b.write(6, "b\n");
    expect(textIn(await merged.next())).toBe("0:begun");
    const next = merged.next();
    await waits.until((ms) => ms === 250);
    a.continue(" and ended\n");
    expect(textIn(await next)).toBe("0: and ended\n");
    a.write(10, "begun again");
    expect(textIn(await merged.next())).toBe("1:b\n");
    merged.close();
  });

  it("fails with the first of them that fails, and closes them when it is closed", async () => {
    const [a, b] = [written(), written()];
    const failure = new Error("broken");
    a.write(1, "one\n");
    b.fail(failure);
    const merged = merge([a, b], PATIENT);
    await expect(merged.next()).rejects.toBe(failure);
    merged.close();
    expect([a.left, b.left]).toEqual([1, 1]);
  });

  it("is left at once by whoever stops, though all of them are quiet", async () => {
    const stop = new AbortController();
    const all = [written(), written()];
    const merged = merge(all, { ...PATIENT, signal: stop.signal });
    const next = merged.next();
    stop.abort(new Error("stopped"));
    await expect(next).rejects.toThrow("stopped");
    merged.close();
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

  it("is what a log tells beside its text as soon as it tells it, before lines of others", async () => {
    const [a, b] = [written(), written()];
    const merged = merge([a, b], PATIENT);
    a.write(1, "a\n");
    b.tell("waiting");
    b.write(0, "b\n");
    a.end();
    b.end();
    const told = [await merged.next(), await merged.next(), await merged.next()];
    expect(told.map(textIn)).toEqual(["1:(waiting)", "1:b\n", "0:a\n"]);
  });

  it("is nothing of a log that is dropped, which nobody waits for any more", async () => {
    const [a, b] = [written(), written()];
    const merged = merge([a, b], PATIENT);
    a.write(1, "a\n");
    const next = merged.next();
    merged.drop("1");
    expect(textIn(await next)).toBe("0:a\n");
    expect([a.left, b.left]).toEqual([0, 1]);
    b.write(0, "too late\n");
    a.end();
    expect(await merged.next()).toBeUndefined();
  });

  it("is no longer bound to the line of a log that is dropped in the middle of it", async () => {
    const [a, b] = [written(), written()];
    const merged = merge([a, b], PATIENT);
    a.write(1, "begun");
    b.write(2, "b\n");
    b.end();
    expect(textIn(await merged.next())).toBe("0:begun");
    merged.drop("0");
    expect([textIn(await merged.next()), await merged.next()]).toEqual(["1:b\n", undefined]);
  });
});

describe("logs that are merged, of which one's clock is set back", () => {
  const MINUTE = 60e9;
  /** Lines that are written a second after one another. */
  const linesFrom = (start: number, name: string, count: number): Line[] =>
    Array.from({ length: count }, (_, index) => ({ time: start + index * 1e9, text: `${name}${index}\n` }));

  it("are all there, each in its own order", async () => {
    const stepped = [...linesFrom(10 * MINUTE, "a", 5), ...linesFrom(0, "b", 5)];
    const steady = linesFrom(10 * MINUTE, "c", 20);
    const lines = linesOf(await mergeAll([stepped, steady], []));
    expect(lines.filter((each) => each.startsWith("0:"))).toEqual(stepped.map(({ text }) => `0:${text}`));
    expect(lines.filter((each) => each.startsWith("1:"))).toEqual(steady.map(({ text }) => `1:${text}`));
  });

  it.each([4, 5])(
    "go out turn by turn from there on, in pieces of %d bytes: neither holds the other back",
    async (size) => {
      const linesOfFour = (start: number, name: string) =>
        linesFrom(start, name, 50).map(({ time }, index) => ({
          time,
          text: `${name}${String(index).padStart(2, "0")}\n`,
        }));
      const stepped = [...linesFrom(10 * MINUTE, "a", 1), ...linesOfFour(0, "b")];
      const steady = linesOfFour(10 * MINUTE, "c");
      const cuts = steady.map((_, index) => 3 + size * index);
      const lines = linesOf(await mergeAll([stepped, steady], cuts));
      for (const [index, line] of lines.entries()) {
        const before = lines.slice(0, index);
        const [own, others] = ["0:b", "1:c"].map((name) => before.filter((each) => each.startsWith(name)).length);
        if (line.startsWith("0:b") && index < 90) expect(Math.abs((own ?? 0) - (others ?? 0))).toBeLessThan(16);
      }
    },
  );

  it("are in the order of time again once its times have caught up", async () => {
    const stepped = [
      ...linesFrom(10 * MINUTE, "a", 1),
      ...linesFrom(9 * MINUTE, "b", 1),
      ...linesFrom(11 * MINUTE, "d", 2),
    ];
    const steady = [...linesFrom(10 * MINUTE, "c", 1), ...linesFrom(11 * MINUTE + 5e8, "e", 1)];
    expect(linesOf(await mergeAll([stepped, steady], [])).slice(-3)).toEqual(["0:d0\n", "1:e0\n", "0:d1\n"]);
  });

  it("are in the order of time where lines of one are out of order by less than two seconds", async () => {
    const mixed = [3, 2, 4].map((second) => ({ time: second * 1e9, text: `m${second}\n` }));
    const steady = [1, 2.5, 3.5].map((second) => ({ time: second * 1e9, text: `s${second}\n` }));
    expect(linesOf(await mergeAll([mixed, steady], []))).toEqual([
      "1:s1\n",
      "1:s2.5\n",
      "0:m3\n",
      "0:m2\n",
      "1:s3.5\n",
      "0:m4\n",
    ]);
  });
});
