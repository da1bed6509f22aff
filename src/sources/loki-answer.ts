import type { LokiLabels } from "./loki-query.ts";

/** The lines of one stream in an answer of Loki, in the order in which it sent them. */
export interface LokiStream {
  readonly labels: LokiLabels;
  /** When each line was written: RFC 3339 with nine digits. */
  readonly times: readonly string[];
  /** Where each line begins in the answer's bytes, and where the last one ends. Each ends with a line feed. */
  readonly starts: readonly number[];
  /** The lines, by index, that Loki counts together with the line before: a shipper that joins lines sends them as one. */
  readonly joined: ReadonlySet<number>;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_U = 0x75;
const LINE_FEED = 0x0a;
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map(
  [..."btnfr"].map((letter, index) => [letter.charCodeAt(0), [8, 9, 10, 12, 13][index] ?? 0]),
);
/** The digits of a time, and those of them that are seconds. */
const NANOS = 19;
const SECONDS = 10;
const TIME_LENGTH = "2026-01-01T00:00:00.000000000Z".length;

/**
 * Reads an answer to `query_range`.
 *
 * `JSON.parse` would make a string of each line: that takes several times as long, and most of the heap. Here, the lines
 * are moved together in place, which makes a text of them.
 *
 * Whatever is not known is skipped, such as statistics, and what newer servers add to a line (structured metadata).
 *
 * @param bytes the answer. They are overwritten by the text.
 * @throws Error if it is not such an answer, or is cut off.
 */
export function readStreams(bytes: Buffer): readonly LokiStream[] {
  const scanner = new AnswerScanner(bytes);
  let streams: LokiStream[] | undefined;
  let status: unknown;
  scanner.readObject((key) => {
    if (key === "status") status = scanner.parseValue();
    else if (key === "data") streams = readData(scanner);
    else scanner.skipValue();
  });
  scanner.end();
  if (status !== "success" || streams === undefined) throw new Error("This is no answer with streams.");
  return streams;
}

function readData(scanner: AnswerScanner): LokiStream[] {
  const streams: LokiStream[] = [];
  let type: unknown;
  scanner.readObject((key) => {
    if (key === "resultType") type = scanner.parseValue();
    else if (key === "result") scanner.readArray(() => streams.push(readStream(scanner)));
    else scanner.skipValue();
  });
  if (type !== "streams") throw new Error("This is no answer to a query for lines.");
  return streams;
}

function readStream(scanner: AnswerScanner): LokiStream {
  const times: string[] = [];
  const starts: number[] = [];
  const joined = new Set<number>();
  let labels: unknown;
  scanner.readObject((key) => {
    if (key === "stream") labels = scanner.parseValue();
    else if (key !== "values") scanner.skipValue();
    else scanner.readArray(() => scanner.readEntry(times, starts, joined));
  });
  starts.push(scanner.textLength);
  if (!isLabels(labels)) throw new Error("A stream has no labels.");
  return { labels, times, starts, joined };
}

/** A pull parser for JSON that is in memory. What has been parsed makes place for the text of the lines. */
class AnswerScanner {
  readonly #bytes: Buffer;
  #at = 0;
  /** Where the text of the lines ends. It is always before the position. */
  #to = 0;
  /** The first backslash that is not before the position, or the end. */
  #backslash = -1;
  /** Whether the last string has escape sequences. */
  #hasEscapes = false;
  /** The time of the last line, and its seconds. */
  readonly #time = Buffer.alloc(TIME_LENGTH);
  #second = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get textLength(): number {
    return this.#to;
  }

  /** @param onKey must read the key's value. */
  readObject(onKey: (key: string) => void): void {
    this.#expect(BRACE);
    for (let more = !this.#take(BRACE_END); more; ) {
      const key: unknown = this.parseValue();
      if (typeof key !== "string") throw this.#unexpected();
      this.#expect(COLON);
      onKey(key);
      more = this.#take(COMMA);
      if (!more) this.#expect(BRACE_END);
    }
  }

  /** @param onItem must read the next item. */
  readArray(onItem: () => void): void {
    this.#expect(BRACKET);
    for (let more = !this.#take(BRACKET_END); more; ) {
      onItem();
      more = this.#take(COMMA);
      if (!more) this.#expect(BRACKET_END);
    }
  }

  /** Reads `["1767225600000000000","line"]`, perhaps with more items, and adds the line to the text. */
  readEntry(times: string[], starts: number[], joined: Set<number>): void {
    this.#expect(BRACKET);
    this.#expect(QUOTE);
    const time = this.#readTime();
    this.#expect(QUOTE);
    this.#expect(COMMA);
    const from = this.#skipString();
    const end = this.#at - 1;
    const hasEscapes = this.#hasEscapes;
    while (this.#take(COMMA)) this.skipValue();
    this.#expect(BRACKET_END);
    const start = this.#to;
    if (hasEscapes) this.#moveEscaped(from, end);
    else this.#move(from, end);
    times.push(time);
    starts.push(start);
    // Some shippers leave it at the end of each line.
    if (hasEscapes && this.#to > start && this.#bytes[this.#to - 1] === LINE_FEED) this.#to -= 1;
    this.#bytes[this.#to] = LINE_FEED;
    this.#to += 1;
    if (!hasEscapes) return;
    for (let next = start; ; ) {
      next = this.#bytes.indexOf(LINE_FEED, next) + 1;
      if (next >= this.#to) return;
      joined.add(times.length);
      times.push(time);
      starts.push(next);
    }
  }

  parseValue(): unknown {
    this.#skipSpace();
    const from = this.#at;
    this.skipValue();
    return JSON.parse(this.#bytes.toString("utf8", from, this.#at));
  }

  skipValue(): void {
    this.#skipSpace();
    const byte = this.#bytes[this.#at];
    if (byte === QUOTE) this.#skipString();
    else if (byte === BRACE) this.readObject(() => this.skipValue());
    else if (byte === BRACKET) this.readArray(() => this.skipValue());
    else {
      const from = this.#at;
      while (/[\w+.-]/.test(String.fromCharCode(this.#bytes[this.#at] ?? 0))) this.#at += 1;
      if (this.#at === from) throw this.#unexpected();
    }
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#bytes.length) throw this.#unexpected();
  }

  /** Reads nanoseconds since 1970. Neighbouring lines are often of the same second. */
  #readTime(): string {
    const from = this.#at;
    let second = 0;
    for (let index = 0; index < NANOS; index += 1) {
      const byte = this.#bytes[from + index] ?? 0;
      if (byte < ZERO || byte > NINE) throw this.#unexpected();
      if (index < SECONDS) second = 10 * second + byte - ZERO;
      else this.#time[index + SECONDS] = byte;
    }
    if (second !== this.#second) {
      this.#second = second;
      this.#time.write(`${new Date(second * 1_000).toISOString().slice(0, 19)}.`, "latin1");
      this.#time[TIME_LENGTH - 1] = 0x5a;
    }
    this.#at = from + NANOS;
    return this.#time.toString("latin1");
  }

  /** Moves behind a string. Returns where its text begins; it ends before the last byte. */
  #skipString(): number {
    this.#expect(QUOTE);
    const start = this.#at;
    this.#hasEscapes = false;
    for (let from = start; ; ) {
      const quote = this.#bytes.indexOf(QUOTE, from);
      if (quote === -1) throw this.#unexpected();
      if (this.#backslash < from) this.#backslash = this.#find(BACKSLASH, from);
      if (this.#backslash > quote) {
        this.#at = quote + 1;
        return start;
      }
      this.#hasEscapes = true;
      // Behind the escaped character.
      from = this.#backslash + 2;
    }
  }

  #find(byte: number, from: number): number {
    const at = this.#bytes.indexOf(byte, from);
    return at === -1 ? this.#bytes.length : at;
  }

  /** Appends a part of the answer to the text. */
  #move(from: number, end: number): void {
    this.#bytes.copyWithin(this.#to, from, end);
    this.#to += end - from;
  }

  /** Appends the content of a string with escape sequences to the text. */
  #moveEscaped(start: number, end: number): void {
    for (let from = start; from < end; ) {
      const next = Math.min(this.#find(BACKSLASH, from), end);
      this.#move(from, next);
      if (next === end) return;
      from = this.#unescape(next);
    }
  }

  /** Appends an escaped character to the text. Returns where it ends. */
  #unescape(at: number): number {
    const bytes = this.#bytes;
    const escaped = bytes[at + 1] ?? 0;
    if (escaped !== LETTER_U) {
      bytes[this.#to] = SIMPLE_ESCAPES.get(escaped) ?? escaped;
      this.#to += 1;
      return at + 2;
    }
    const high = this.#hex(at + 2);
    const isHigh = high >= 0xd800 && high < 0xdc00;
    // Two of them may be one character.
    const low = isHigh && bytes[at + 6] === BACKSLASH && bytes[at + 7] === LETTER_U ? this.#hex(at + 8) : 0;
    const isPair = low >= 0xdc00 && low < 0xe000;
    this.#to += bytes.write(isPair ? String.fromCharCode(high, low) : String.fromCharCode(high), this.#to, "utf8");
    return at + (isPair ? 12 : 6);
  }

  #hex(at: number): number {
    const digits = this.#bytes.toString("latin1", at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#unexpected();
    return Number.parseInt(digits, 16);
  }

  #expect(byte: number): void {
    if (!this.#take(byte)) throw this.#unexpected();
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) {
      this.#skipSpace();
      if (this.#bytes[this.#at] !== byte) return false;
    }
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    for (let byte = this.#bytes[this.#at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; ) {
      this.#at += 1;
      byte = this.#bytes[this.#at];
    }
  }

  #unexpected(): Error {
    return new Error(`The answer has an unexpected byte at ${this.#at}, or ends there.`);
  }
}

/** Narrows the labels of a stream. */
export function isLabels(value: unknown): value is LokiLabels {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((label) => typeof label === "string");
}
