import { LINE_FEED } from "../stream/characters.ts";
import type { LineTimes } from "../stream/line-times.ts";
import { isAnchored, type TimedPlace } from "./place.ts";

/**
 * Skips what lies before a place in lines with times.
 *
 * The place's anchor is the first line that is not earlier than the anchor's time: no line before it is. Whatever was
 * counted from the anchor on is there again, as long as the source is asked for lines since the earliest of their
 * times.
 */
export class AnchorSkip {
  readonly #anchor: string;
  readonly #isAnchored: boolean;
  #state: "searching" | "counting" | "found";
  /** Lines, and bytes of the line after them, that are still to be skipped. */
  #lines: number;
  #part: number;
  #lost = false;

  constructor(place: TimedPlace) {
    this.#anchor = place.time;
    this.#isAnchored = isAnchored(place);
    this.#lines = place.lines;
    this.#part = place.part;
    this.#state = "searching";
  }

  /** Returns how many bytes at the beginning of the next piece lie before the place. */
  skip(bytes: Uint8Array, { starts, times }: LineTimes): number {
    if (this.#state === "found") return 0;
    // The rest of a line that began earlier.
    let at = this.#skipLine(bytes, 0, starts[0] ?? bytes.length);
    for (let index = 0; index < starts.length && !this.#isFound(); index += 1) {
      const begin = starts[index] ?? 0;
      const end = starts[index + 1] ?? bytes.length;
      at = begin;
      if (this.#state === "searching") this.#look(times[index] ?? "");
      if (!this.#isFound()) at = this.#skipLine(bytes, begin, end);
    }
    return this.#isFound() ? at : bytes.length;
  }

  /** Whether lines before the place are missing because the source dropped them. True once. */
  takeLost(): boolean {
    const lost = this.#lost;
    this.#lost = false;
    return lost;
  }

  #isFound(): boolean {
    if (this.#state === "counting" && this.#lines === 0 && this.#part === 0) this.#state = "found";
    return this.#state === "found";
  }

  #look(time: string): void {
    if (time < this.#anchor) return;
    if (time === this.#anchor) {
      this.#state = "counting";
      return;
    }
    this.#state = "found";
    this.#lost = this.#isAnchored;
  }

  /** Skips a line, or a part of one. Returns where the place is if it is in this line, else the end of the line. */
  #skipLine(bytes: Uint8Array, begin: number, end: number): number {
    if (this.#state !== "counting" || begin === end) return end;
    const isEnded = bytes[end - 1] === LINE_FEED;
    if (this.#lines > 0) {
      if (isEnded) this.#lines -= 1;
      return end;
    }
    const skipped = Math.min(this.#part, end - begin);
    this.#part -= skipped;
    if (this.#part > 0 && isEnded) {
      // The line is shorter than the part of it that was read: it is another line.
      this.#part = 0;
      this.#lost = true;
    }
    return begin + skipped;
  }
}
