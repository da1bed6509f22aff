/** A line that is held until a match shows that it is context. */
export interface HeldLine {
  readonly number: number;
  /** The line with its line feed. `undefined`: it was too long to hold, and is never sent as context. */
  readonly bytes: Uint8Array | undefined;
  /** The time to put before it when it is sent. */
  readonly prefix: string | undefined;
  /** The time in effect before it. */
  readonly timeBefore: string | undefined;
}

/** The maximum size of what is held: a thousand lines of a kilobyte. */
const MAX_BYTES = 1024 * 1024;

/**
 * Holds the last lines before a possible match, at most 1 MiB. Which lines are held depends only on those lines, not on
 * how they arrived or on what came before.
 */
export class ContextLines {
  readonly #maxLines: number;
  readonly #maxBytes: number;
  #lines: HeldLine[] = [];
  /** Where the oldest line is in the array. */
  #head = 0;
  /** Lines up to this one have been copied. */
  #owned = 0;
  #size = 0;

  constructor(maxLines: number, maxBytes = MAX_BYTES) {
    this.#maxLines = maxLines;
    this.#maxBytes = maxBytes;
  }

  /** The oldest line. */
  get first(): HeldLine | undefined {
    return this.#lines[this.#head];
  }

  add(line: HeldLine): void {
    this.#lines.push(line);
    this.#size += line.bytes?.length ?? 0;
    while (this.#lines.length - this.#head > this.#maxLines || this.#size > this.#maxBytes) this.take();
    // At the front, a line that is never sent is useless.
    while (this.first !== undefined && this.first.bytes === undefined) this.take();
  }

  /** Removes the oldest line. */
  take(): HeldLine | undefined {
    const line = this.#lines[this.#head];
    if (line === undefined) return undefined;
    this.#head += 1;
    this.#size -= line.bytes?.length ?? 0;
    if (this.#head === this.#lines.length) this.clear();
    else if (this.#head > this.#maxLines) {
      this.#lines = this.#lines.slice(this.#head);
      this.#owned = Math.max(0, this.#owned - this.#head);
      this.#head = 0;
    }
    return line;
  }

  clear(): void {
    if (this.#lines.length > 0) this.#lines = [];
    this.#head = 0;
    this.#owned = 0;
    this.#size = 0;
  }

  /** Copies lines that are still part of a text, so that a few lines do not keep all of it in memory. */
  own(): void {
    for (let at = Math.max(this.#owned, this.#head); at < this.#lines.length; at += 1) {
      const line = this.#lines[at];
      if (line?.bytes !== undefined) this.#lines[at] = { ...line, bytes: Buffer.from(line.bytes) };
    }
    this.#owned = this.#lines.length;
  }
}
