import { NO_LONGER_NEEDED } from "../abort-reasons.ts";
import type { Sleep } from "../sleep.ts";
import type { LogPiece } from "./event.ts";

/** What a log tells beside its text: passed on as it comes. */
interface Other {
  readonly kind: string;
}

/** The log of one container, to be merged with others. */
export interface MergedLog<E extends Other> {
  readonly name: string;
  readonly events: AsyncIterator<E | LogPiece>;
}

/** Something of one of the logs. */
export interface MergedEvent<E extends Other> {
  readonly name: string;
  readonly event: E | LogPiece;
}

export interface MergeOptions {
  /**
   * For how long to wait for a log that has nothing to say, before others go on without it until it says something, in milliseconds: a follow may be quiet for ever.
   * `undefined`: for as long as it takes.
   */
  readonly patienceMs: number | undefined;
  /** Whether more of a log is wanted: else it is neither read nor waited for. Default: of all of them. */
  readonly isWanted?: (name: string) => boolean;
  readonly wait: Sleep;
  readonly signal: AbortSignal;
}

interface Head<E> {
  readonly name: string;
  readonly order: number;
  readonly events: AsyncIterator<E | LogPiece>;
  reading: Promise<void> | undefined;
  /** What came and is still to be told. */
  event: E | LogPiece | undefined;
  failed: { readonly error: unknown } | undefined;
  ended: boolean;
  /** Whether the others wait for it no longer. */
  late: boolean;
  /** How many of the piece's lines are out, and its bytes up to there. */
  linesOut: number;
  bytesOut: number;
}

/**
 * Merges logs by the times of their lines; of lines of the same time, those of the log that is named first come first. At most one piece of each is held.
 *
 * A log whose lines have no times goes out as it comes. A line is not cut by another log's, unless it is not finished for longer than others wait.
 */
export async function* mergeLogs<E extends Other>(
  logs: readonly MergedLog<E>[],
  { patienceMs, isWanted = () => true, wait, signal }: MergeOptions,
): AsyncGenerator<MergedEvent<E>, void, undefined> {
  const heads = logs.map(({ name, events }, order): Head<E> => {
    return {
      name,
      order,
      events,
      reading: undefined,
      event: undefined,
      failed: undefined,
      ended: false,
      late: false,
      linesOut: 0,
      bytesOut: 0,
    };
  });
  let wake = (): void => undefined;
  /** The log whose last line has not ended. */
  let unfinished: Head<E> | undefined;

  const read = (head: Head<E>): void => {
    if (head.ended || head.event !== undefined || head.reading !== undefined || head.failed !== undefined) return;
    if (!isWanted(head.name)) return;
    head.reading = head.events
      .next()
      .then(
        (next) => {
          if (next.done === true) head.ended = true;
          else head.event = next.value;
          head.late = false;
          head.linesOut = 0;
          head.bytesOut = 0;
        },
        (error: unknown) => {
          head.failed = { error };
        },
      )
      .then(() => {
        head.reading = undefined;
        wake();
      });
  };
  const isPending = (head: Head<E>): boolean => head.reading !== undefined && isWanted(head.name);

  /** Waits until every log has said something; once one has, for no longer than patience lasts. */
  const gather = async (): Promise<void> => {
    for (const head of heads) read(head);
    const timer = new AbortController();
    let timed = false;
    const begin = (ms: number): void => {
      timed = true;
      wait(ms, timer.signal).then(
        () => {
          for (const head of heads) head.late ||= isPending(head);
          wake();
        },
        () => undefined,
      );
    };
    try {
      while (heads.some(isPending)) {
        const something = heads.some((head) => hasSomething(head) && isWanted(head.name));
        if (something && heads.every((head) => head.late || !isPending(head))) return;
        if (something && patienceMs !== undefined && !timed) begin(patienceMs);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        signal.throwIfAborted();
      }
    } finally {
      timer.abort(NO_LONGER_NEEDED);
    }
  };

  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    for (;;) {
      await gather();
      signal.throwIfAborted();
      const wanted = heads.filter(({ name }) => isWanted(name));
      const failed = wanted.find((head) => head.failed !== undefined);
      if (failed?.failed !== undefined) throw failed.failed.error;
      const waiting = wanted.filter((head) => head.event !== undefined);
      if (waiting.length === 0) {
        if (wanted.every(({ ended }) => ended)) return;
        continue;
      }
      const head = choose(waiting, unfinished);
      const { event } = head;
      if (event === undefined) continue;
      if (!isPiece(event)) {
        head.event = undefined;
        yield { name: head.name, event };
        continue;
      }
      const until = waiting
        .filter((each) => each !== head)
        .map((each) => ({ time: nextTime(each), order: each.order }));
      const piece = takeLines(head, event, until);
      unfinished = piece.bytes[piece.bytes.length - 1] === 0x0a ? undefined : head;
      yield { name: head.name, event: piece };
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    await Promise.all(
      heads.map(async (head) => {
        const closed = Promise.resolve(head.events.return?.());
        if (head.reading === undefined) await closed;
        else closed.catch(() => undefined);
      }),
    );
  }
}

/** What is no text comes first, then the rest of an unfinished line, then the earliest line. */
function choose<E extends Other>(heads: readonly Head<E>[], unfinished: Head<E> | undefined): Head<E> {
  const [first] = heads;
  if (first === undefined) throw new Error("There is nothing to choose from.");
  const other = heads.find(({ event }) => !isPiece(event));
  if (other !== undefined) return other;
  if (unfinished !== undefined && heads.includes(unfinished)) return unfinished;
  return heads.reduce((best, each) => (nextTime(each) < nextTime(best) ? each : best), first);
}

/** The time of a log's next line; "" where it has none, so that it is not held back. */
function nextTime<E extends Other>({ event, bytesOut, linesOut }: Head<E>): string {
  if (!isPiece(event)) return "";
  const next = event.times?.[linesOut];
  // The rest of a line whose beginning is out.
  return next === undefined || next.at > bytesOut ? "" : next.time;
}

/** Takes the lines of a piece that come before the others' next ones. */
function takeLines<E>(
  head: Head<E>,
  piece: LogPiece,
  others: readonly { readonly time: string; readonly order: number }[],
): LogPiece {
  const { bytes, times = [] } = piece;
  const start = head.bytesOut;
  const firstLine = head.linesOut;
  let next = firstLine;
  // What stands before the first line of its own is the rest of one.
  if ((times[next]?.at ?? bytes.length) === start) next += 1;
  while (next < times.length) {
    const time = times[next]?.time ?? "";
    if (others.some((each) => each.time < time || (each.time === time && each.order < head.order))) break;
    next += 1;
  }
  const end = next < times.length ? (times[next]?.at ?? bytes.length) : bytes.length;
  head.linesOut = next;
  head.bytesOut = end;
  if (end === bytes.length) head.event = undefined;
  if (start === 0 && end === bytes.length) return piece;

  // A piece may begin with the rest of a line, before the first line of its own.
  const lineOf = (index: number): number => piece.line + index + (times[0]?.at === 0 ? 0 : 1);
  const line = start === 0 ? piece.line : lineOf(firstLine);
  return {
    ...piece,
    bytes: bytes.subarray(start, end),
    times: times.slice(firstLine, next).map((each) => ({ ...each, at: each.at - start })),
    line,
    offset: piece.offset === undefined ? undefined : piece.offset + start,
    before: start === 0 ? piece.before : { ...piece.before, from: line },
    after: end === bytes.length ? piece.after : { ...piece.before, from: lineOf(next) },
  };
}

function hasSomething<E>({ event, failed }: Head<E>): boolean {
  return event !== undefined || failed !== undefined;
}

function isPiece<E extends Other>(event: E | LogPiece | undefined): event is LogPiece {
  return event?.kind === "text";
}
