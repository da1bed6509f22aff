import { NO_LONGER_NEEDED } from "../abort.ts";
import type { Sleep } from "../sleep.ts";
import { LINE_FEED } from "../stream/characters.ts";
import { linesIn } from "./entries-text.ts";
import type { LogPiece } from "./event.ts";

/** Anything but text: passed on as it comes. */
interface Other {
  readonly kind: string;
}

/** Returns events one by one, and `undefined` after the last. */
export interface EventReader<E extends Other> {
  next(): Promise<E | LogPiece | undefined>;
  /** Whether the next event comes only after those of another log: nobody waits for it then. Default: no. */
  readonly isQueued?: boolean;
  close(): void;
}

/** An event of one of the logs. */
export interface MergedEvent<E extends Other> {
  readonly name: string;
  readonly event: E | LogPiece;
  /** Whether the next event follows at once. */
  readonly more: boolean;
}

export interface MergeOptions {
  /**
   * How long to wait for a log that is quiet before others are sent without it, in milliseconds: a follow may be quiet
   * for ever. `undefined`: without limit.
   */
  readonly maxDelayMs: number | undefined;
  /** Whether further logs may join until `complete` is called. Default: no. */
  readonly growing?: boolean;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}

/** One of the logs, with at most one event that is not passed on yet. */
interface Head<E extends Other> {
  readonly name: string;
  readonly order: number;
  readonly events: EventReader<E>;
  reading: boolean;
  event: E | LogPiece | undefined;
  failed: { readonly error: unknown } | undefined;
  ended: boolean;
  /** Whether the others no longer wait for it. */
  late: boolean;
  /** How many lines and bytes of the piece were returned. */
  linesOut: number;
  bytesOut: number;
  /** The time of the next line; "" for the rest of a line, and if the source has no times. */
  time: string;
  /** The latest time of a line that was returned. */
  latest: string;
  /** Whether the next line is much earlier than a line before it: the clock was set back, so times do not compare. */
  stepped: boolean;
}

/** Lines of two streams may be out of order by less than this; clocks are set back further. */
const STEP_MS = 2_000;

/**
 * Merges logs by the times of their lines; at equal times, the log that is named first comes first. At most one piece
 * of each is held.
 *
 * A log without times is passed on as it comes, and so is one whose times went back: the others do not wait until it
 * has caught up. A line is not interrupted by another log, unless it stays unfinished for longer than the others wait.
 */
export class LogMerge<E extends Other> {
  #heads: readonly Head<E>[] = [];
  #order = 0;
  #growing: boolean;
  #failed: { readonly error: unknown } | undefined;
  readonly #options: MergeOptions;
  readonly #onAbort = (): void => this.#wake();
  #wake: () => void = () => undefined;
  /** The log whose last line is unfinished. */
  #unfinished: Head<E> | undefined;
  /** Whether the last piece was of a log whose times went back. */
  #lastStepped = false;

  constructor(options: MergeOptions) {
    this.#options = options;
    this.#growing = options.growing ?? false;
    options.signal.addEventListener("abort", this.#onAbort);
  }

  /** Adds a log, which comes after those added before. */
  add(name: string, events: EventReader<E>): void {
    const head: Head<E> = {
      name,
      order: this.#order,
      events,
      reading: false,
      event: undefined,
      failed: undefined,
      ended: false,
      late: false,
      linesOut: 0,
      bytesOut: 0,
      time: "",
      latest: "",
      stepped: false,
    };
    this.#order += 1;
    this.#heads = [...this.#heads.filter(({ ended }) => !ended), head];
    this.#wake();
  }

  /** No log is added any more. */
  complete(): void {
    this.#growing = false;
    this.#wake();
  }

  /** Lets the next call of `next` fail. */
  fail(error: unknown): void {
    this.#failed ??= { error };
    this.#wake();
  }

  /**
   * Returns the next event, or `undefined` after all logs have ended. One call at a time.
   *
   * @throws what a log throws; the signal's reason.
   */
  async next(): Promise<MergedEvent<E> | undefined> {
    for (;;) {
      await this.#gather();
      this.#options.signal.throwIfAborted();
      const failed = this.#failed ?? this.#heads.find((head) => head.failed !== undefined)?.failed;
      if (failed !== undefined) throw failed.error;
      const waiting = this.#heads.filter((head) => head.event !== undefined);
      const head = this.#choose(waiting);
      if (head !== undefined) return this.#take(head, waiting);
      if (!this.#growing && this.#heads.every(({ ended }) => ended)) return undefined;
    }
  }

  /** Stops reading one of the logs. */
  drop(name: string): void {
    for (const head of this.#heads) {
      if (head.name !== name || head.ended) continue;
      head.ended = true;
      head.event = undefined;
      head.failed = undefined;
      if (this.#unfinished === head) this.#unfinished = undefined;
      head.events.close();
    }
    this.#wake();
  }

  close(): void {
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    for (const { events } of this.#heads) events.close();
  }

  #isPending(head: Head<E>): boolean {
    return head.reading && !head.ended && head.events.isQueued !== true;
  }

  /** Waits until every log has an event; once one has, at most `maxDelayMs`. */
  async #gather(): Promise<void> {
    for (const head of this.#heads) this.#read(head);
    if (!this.#mustWait()) return;
    const { maxDelayMs, signal } = this.#options;
    let timer: AbortController | undefined;
    try {
      while (this.#mustWait()) {
        const something = this.#heads.some((head) => hasSomething(head));
        if (something && this.#heads.every((head) => head.late || !this.#isPending(head))) return;
        if (something && maxDelayMs !== undefined && timer === undefined) {
          timer = new AbortController();
          this.#loseIn(maxDelayMs, timer.signal);
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        signal.throwIfAborted();
        for (const head of this.#heads) this.#read(head);
      }
    } finally {
      timer?.abort(NO_LONGER_NEEDED);
    }
  }

  /** Whether a log has yet to return an event or, if no log has one, yet to be added. */
  #mustWait(): boolean {
    if (this.#failed !== undefined) return false;
    if (this.#heads.some((head) => this.#isPending(head))) return true;
    if (this.#heads.some((head) => hasSomething(head))) return false;
    return this.#growing || this.#heads.some((head) => head.reading && !head.ended);
  }

  #loseIn(ms: number, signal: AbortSignal): void {
    this.#options.sleep(ms, signal).then(
      () => {
        for (const head of this.#heads) head.late ||= this.#isPending(head);
        this.#wake();
      },
      () => undefined,
    );
  }

  #read(head: Head<E>): void {
    if (head.ended || head.event !== undefined || head.reading || head.failed !== undefined) return;
    head.reading = true;
    head.events
      .next()
      .then(
        (event) => {
          if (head.ended) return;
          if (event === undefined) head.ended = true;
          head.event = event;
          head.late = false;
          head.linesOut = 0;
          head.bytesOut = 0;
          look(head);
        },
        (error: unknown) => {
          if (!head.ended) head.failed = { error };
        },
      )
      .finally(() => {
        head.reading = false;
        this.#wake();
      });
  }

  /** Anything but text comes first, then the rest of an unfinished line, then the earliest line. */
  #choose(waiting: readonly Head<E>[]): Head<E> | undefined {
    const other = waiting.find(({ event }) => !isPiece(event));
    if (other !== undefined) return other;
    if (this.#unfinished !== undefined && waiting.includes(this.#unfinished)) return this.#unfinished;
    const stepped = waiting.filter((head) => head.stepped);
    const inTime = waiting.filter((head) => !head.stepped);
    // They take turns: neither waits for the other's times.
    const [first = [], second = []] = this.#lastStepped ? [inTime, stepped] : [stepped, inTime];
    const among = first.length > 0 ? first : second;
    return among.reduce<Head<E> | undefined>(
      (best, each) => (best === undefined || each.time < best.time ? each : best),
      undefined,
    );
  }

  #take(head: Head<E>, waiting: readonly Head<E>[]): MergedEvent<E> | undefined {
    const { event, name } = head;
    if (event === undefined) return undefined;
    if (!isPiece(event)) {
      head.event = undefined;
      return { name, event, more: this.#hasMore() };
    }
    const { stepped } = head;
    const others = waiting.filter((each) => each !== head && each.stepped === stepped);
    const isTurn = waiting.some((each) => each.stepped !== stepped);
    const piece = takeLines(head, event, others, isTurn);
    // The rest of a line does not count as a turn.
    if (this.#unfinished !== head) this.#lastStepped = stepped;
    this.#unfinished = piece.bytes[piece.bytes.length - 1] === LINE_FEED ? undefined : head;
    return { name, event: piece, more: this.#hasMore() };
  }

  #hasMore(): boolean {
    return this.#heads.some(hasSomething) && this.#heads.every((head) => head.ended || hasSomething(head));
  }
}

/**
 * Takes the lines of a piece that come before the next lines of the others.
 *
 * @param isTurn whether another log takes its turn afterwards: then no line is begun that does not end in the piece.
 */
function takeLines<E extends Other>(
  head: Head<E>,
  piece: LogPiece,
  others: readonly Head<E>[],
  isTurn: boolean,
): LogPiece {
  const { bytes } = piece;
  const { starts, times } = piece.times ?? { starts: [], times: [] };
  const start = head.bytesOut;
  const firstLine = head.linesOut;
  const { stepped } = head;
  let next = firstLine;
  // What lies before the first line that begins here is the rest of a line.
  if ((starts[next] ?? bytes.length) === start) next = outTo(head, times, next);
  while (next < times.length) {
    head.linesOut = next;
    head.bytesOut = starts[next] ?? bytes.length;
    look(head);
    const { time, order } = head;
    if (head.stepped !== stepped) break;
    const isLast = next === times.length - 1;
    if (isTurn && isLast && head.bytesOut > start && bytes[bytes.length - 1] !== LINE_FEED) break;
    if (others.some((each) => each.time < time || (each.time === time && each.order < order))) break;
    next = outTo(head, times, next);
  }
  const end = next < times.length ? (starts[next] ?? bytes.length) : bytes.length;
  head.linesOut = next;
  head.bytesOut = end;
  if (end === bytes.length) head.event = undefined;
  look(head);
  if (start === 0 && end === bytes.length) return piece;

  // A piece may begin with the rest of a line.
  const lineOf = (index: number): number => piece.line + index + (starts[0] === 0 ? 0 : 1);
  const line = start === 0 ? piece.line : lineOf(firstLine);
  const lines = linesIn({ bytes, times: { starts, times } }, start, end);
  return {
    ...piece,
    ...lines,
    line,
    lineFeeds: end === bytes.length ? piece.lineFeeds - (line - piece.line) : lineOf(next) - line,
    offset: piece.offset === undefined ? undefined : piece.offset + start,
    before: start === 0 ? piece.before : { ...piece.before, from: line },
    after: end === bytes.length ? piece.after : { ...piece.before, from: lineOf(next) },
  };
}

/** Counts a line as returned. */
function outTo<E extends Other>(head: Head<E>, times: readonly string[], line: number): number {
  const time = times[line] ?? "";
  if (time > head.latest) head.latest = time;
  return line + 1;
}

/** Updates the time of the next line. */
function look<E extends Other>(head: Head<E>): void {
  const { event, linesOut, bytesOut, latest } = head;
  const at = isPiece(event) ? event.times?.starts[linesOut] : undefined;
  // The rest of a line whose beginning was returned has no time of its own.
  const time = at === undefined || at > bytesOut || !isPiece(event) ? "" : (event.times?.times[linesOut] ?? "");
  head.time = time;
  head.stepped = time !== "" && time < latest && Date.parse(latest) - Date.parse(time) > STEP_MS;
}

function hasSomething<E extends Other>({ event, failed }: Head<E>): boolean {
  return event !== undefined || failed !== undefined;
}

function isPiece<E extends Other>(event: E | LogPiece | undefined): event is LogPiece {
  return event?.kind === "text";
}
