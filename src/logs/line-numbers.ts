import { LINE_FEED } from "../stream/characters.ts";
import { countLineFeeds } from "../stream/count.ts";
import type { LineTimes } from "../stream/line-times.ts";
import { linesIn } from "./entries-text.ts";
import type { LogPiece, PassedLines } from "./event.ts";
import { isAnchored, type Place } from "./place.ts";
import type { Position } from "./position.ts";
import type { StartedText, TextPiece } from "./text.ts";

export interface LineNumbersOptions {
  /** The name of the source. */
  readonly source: string;
  /** If the source is live: the pod, and how often its container had been restarted. */
  readonly instance: { readonly pod: string; readonly restarts: number } | undefined;
  /** Where reading was resumed. */
  readonly from: Position | undefined;
  /** Lines before this one are skipped. Default: none. */
  readonly firstLine: number | undefined;
}

/** Numbers the lines of a text, and adds to each piece where it lies. */
export class LineNumbers {
  readonly #options: LineNumbersOptions;
  readonly #mediaType: string | undefined;
  readonly #relative: boolean;
  #wanted: number;
  #line: number;
  #offset: number | undefined;
  #inside: boolean;
  #before: Position;

  constructor({ text, start }: StartedText, options: LineNumbersOptions) {
    const { from, firstLine } = options;
    this.#options = options;
    this.#mediaType = text.mediaType;
    this.#relative = start.relative || (from?.relative === true && start.line === undefined);
    this.#wanted = start.firstWanted ?? from?.from ?? firstLine ?? 1;
    this.#line = start.line ?? from?.line ?? 1;
    this.#offset = start.offset;
    this.#inside = from?.inside === true && start.line === undefined;
    this.#before = this.#at(start.place);
  }

  /** Whether lines are counted from where the text begins, rather than from the log's beginning. */
  get relative(): boolean {
    return this.#relative;
  }

  /** Where the text begins or, after the first piece, continues. */
  get position(): Position {
    return this.#before;
  }

  /** Numbers the next piece. */
  number(piece: TextPiece): LogPiece | PassedLines {
    const { after } = piece;
    let { bytes, times } = piece;
    if (piece.lost) this.#startAt(times?.times[0]);
    else this.#anchor(times);
    const offset = this.#offset;
    if (offset !== undefined) this.#offset = offset + bytes.length;
    const skipped = this.#line < this.#wanted ? this.#skipUnwanted(bytes) : 0;
    if (skipped > 0 && skipped < bytes.length) {
      times &&= linesIn({ bytes, times }, skipped, bytes.length).times;
      bytes = bytes.subarray(skipped);
    }
    const before = this.#before;
    const line = this.#line;
    const isPassed = skipped > 0 && skipped === piece.bytes.length;
    const lineFeeds = isPassed ? 0 : countLineFeeds(bytes);
    this.#line += lineFeeds;
    this.#inside = bytes[bytes.length - 1] !== LINE_FEED;
    this.#before = this.#at(after);
    if (isPassed) return { kind: "passed", bytes: bytes.length, after: this.#before };
    return this.#piece(bytes, times, line, lineFeeds, offset === undefined ? undefined : offset + skipped, before);
  }

  #piece(
    bytes: Uint8Array,
    times: LineTimes | undefined,
    line: number,
    lineFeeds: number,
    offset: number | undefined,
    before: Position,
  ): LogPiece {
    const mediaType = this.#mediaType;
    return { kind: "text", bytes, times, line, lineFeeds, offset, mediaType, before, after: this.#before };
  }

  /**
   * Starts over behind missing lines: it is unknown how many of the lines to be skipped are among them, and to resume
   * behind a part of the piece, nothing before it is needed.
   *
   * @param time when the first line was written.
   */
  #startAt(time: string | undefined): void {
    this.#wanted = this.#line;
    if (time !== undefined) this.#before = this.#at({ kind: "times", time, lines: 0, part: 0 });
  }

  /** A text that begins before any line is found again by its first line: the source may drop lines until then. */
  #anchor(times: LineTimes | undefined): void {
    const { place } = this.#before;
    const time = times?.starts[0] === 0 ? times.times[0] : undefined;
    if (place.kind !== "times" || isAnchored(place) || time === undefined) return;
    this.#before = { ...this.#before, place: { ...place, time } };
  }

  /** Skips lines that were not requested. Returns how many bytes of the piece they have. */
  #skipUnwanted(bytes: Uint8Array): number {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (; this.#line < this.#wanted; this.#line += 1) {
      const feed = buffer.indexOf(LINE_FEED, at);
      if (feed === -1) return buffer.length;
      at = feed + 1;
    }
    return at;
  }

  #at(place: Place): Position {
    const { source, instance } = this.#options;
    const position: Position = { source, place, line: this.#line };
    if (instance !== undefined) {
      position.pod = instance.pod;
      position.restarts = instance.restarts;
    }
    if (this.#inside) position.inside = true;
    if (this.#relative) position.relative = true;
    if (this.#wanted > this.#line) position.from = this.#wanted;
    return position;
  }
}
