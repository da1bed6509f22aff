import { cutLength, LINE_FEED } from "./characters.ts";
import { nulText } from "./line-controls.ts";

const NUL = 0x00;
/** How much more is searched than is kept, because something is shown for NULs. */
const SHOWN_NUL_BYTES = 1024;
const ZEROS = Buffer.alloc(64 * 1024);

/**
 * The beginning of a line, kept until the line can be decided. A run of NULs takes no space in it: a file that a crash
 * or a rotation cut may hold a gigabyte of them before its next line.
 */
export class KeptLine {
  readonly #maxBytes: number;
  /** What is kept without NULs, at the beginning of a buffer that may be longer. */
  #bytes = Buffer.allocUnsafeSlow(1024);
  #length = 0;
  /** Where in it NULs belong, ascending, and how many. */
  readonly #nulsAt: number[] = [];
  readonly #nuls: number[] = [];
  #totalBytes = 0;

  /** @param maxBytes how much to keep, besides NULs. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes of the line it holds, NULs included. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  get isFull(): boolean {
    return this.#length >= this.#maxBytes;
  }

  /** The beginning of what is kept, without NULs, a line feed or a part of a character. */
  head(maxBytes: number): Buffer {
    const kept = this.#bytes.subarray(0, this.#length);
    const text = kept.at(-1) === LINE_FEED ? kept.subarray(0, -1) : kept;
    return text.subarray(0, cutLength(text, maxBytes));
  }

  /** The same beginning with what is shown for runs of NULs. */
  shownHead(maxBytes: number): Buffer {
    const head = this.head(maxBytes);
    const shown = Buffer.concat([...this.#split(head.length, (count) => [Buffer.from(nulText(count))])]);
    return shown.subarray(0, cutLength(shown, maxBytes + SHOWN_NUL_BYTES));
  }

  /** Adds the next bytes of the line. @returns how many: fewer than all if it is full. */
  take(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && !this.isFull) {
      const nul = bytes.indexOf(NUL, at);
      const end = Math.min(nul === -1 ? bytes.length : nul, at + this.#maxBytes - this.#length);
      this.#keep(bytes.subarray(at, end));
      at = end;
      if (at !== nul || this.isFull) continue;
      while (at < bytes.length && bytes[at] === NUL) at += 1;
      this.#addNuls(at - nul);
    }
    this.#totalBytes += at;
    return at;
  }

  /** All bytes, in one. */
  whole(): Buffer {
    return Buffer.concat([...this.parts()]);
  }

  /** All bytes, in parts of at most 64 KiB or what is kept. */
  parts(): Iterable<Buffer> {
    return this.#split(this.#length, zeros);
  }

  /** The first bytes of what is kept, with something for each run of NULs up to there. */
  *#split(length: number, fill: (count: number) => Iterable<Buffer>): Generator<Buffer> {
    let from = 0;
    for (const [index, count] of this.#nuls.entries()) {
      const at = this.#nulsAt[index] ?? 0;
      if (at > length) break;
      if (at > from) yield this.#bytes.subarray(from, at);
      yield* fill(count);
      from = at;
    }
    if (length > from) yield this.#bytes.subarray(from, length);
  }

  #addNuls(count: number): void {
    const last = this.#nuls.length - 1;
    // A run may be cut over texts.
    if (this.#nulsAt[last] === this.#length) this.#nuls[last] = (this.#nuls[last] ?? 0) + count;
    else {
      this.#nulsAt.push(this.#length);
      this.#nuls.push(count);
    }
  }

  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * length);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }
}

function* zeros(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}
