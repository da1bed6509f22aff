import { LINE_FEED } from "../stream/characters.ts";
import type { LineTimes } from "../stream/line-times.ts";
import type { TimedPlace } from "./place.ts";

/**
 * Passes over what lies before a place in lines with times.
 *
 * It looks for the place's anchor: no line before it has its time or a later one, so the first that has is it. What was counted
 * from there on is there again as long as the source is asked for lines from the earliest of their times on.
 */
export class AnchorSkip {
  readonly #anchor: string;
  #state: "searching" | "counting" | "found";
  /** Lines, and bytes of the next one, that are still to be passed over. */
  #lines: number;
  #part: number;
  #lost = false;

  constructor(place: TimedPlace) {
    this.#anchor = place.time;
    this.#lines = place.lines;
    this.#part = place.part;
    this.#state = "searching";
  }

  /** How many bytes at the beginning of the next piece lie before the place. */
  skip(bytes: Uint8Array, { starts, times }: LineTimes): number {
    if (this.#state === "found") return 0;
    // The rest of a line that began before.
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

  /** Whether lines before the place are missing: the source has dropped them. Told once. */
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
    this.#lost = this.#lines > 0 || this.#part > 0;
  }

  /** Passes over a line, or a part of one, that lies here. Returns where the place is, if it is found, else the end. */
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
      // The line is shorter than what was read of it: it is another one.
      this.#part = 0;
      this.#lost = true;
    }
    return begin + skipped;
  }
}
