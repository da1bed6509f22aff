import type { LineTimes } from "./line-times.ts";
import type { GoingLine } from "./text-start.ts";

const EMPTY = Buffer.alloc(0);

/** The line that the next byte lies in. What is looked at of it is kept until it is decided; the rest is not. */
export class PartialLine {
  /** How many of its bytes have come, and how many of those were sent. */
  within: number;
  part: number;
  /** What was decided on it before its end. */
  going: GoingLine | undefined;
  /** The times that the source told of it. */
  times: LineTimes | undefined;
  /** What is kept, at the beginning of a buffer that may be longer. */
  #kept = EMPTY;
  #keptBytes = 0;

  constructor(within: number, part: number, going: GoingLine | undefined) {
    this.within = within;
    this.part = part;
    this.going = going;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  keep(bytes: Buffer): void {
    const length = this.#keptBytes + bytes.length;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, 2 * length));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = length;
    this.within = length;
  }

  /** Takes what is kept, to be dealt with from the line's beginning on. */
  take(): Buffer {
    const taken = this.#kept.subarray(0, this.#keptBytes);
    // It is sent as it is, so the next line gets another buffer.
    this.#kept = EMPTY;
    this.#keptBytes = 0;
    this.within = 0;
    return taken;
  }

  /** It has ended: the next line begins. */
  end(): void {
    this.within = 0;
    this.part = 0;
    this.going = undefined;
  }
}
