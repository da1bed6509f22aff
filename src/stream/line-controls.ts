import { LINE_FEED } from "./characters.ts";
import { ESCAPE, EscapeReader } from "./escape-sequences.ts";

const NUL = 0x00;
const BACKSPACE = 0x08;
const RETURN = 0x0d;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;

/** Shorter runs of NULs are shown one by one. */
const MIN_NULS = 4;
const COUNT = new Intl.NumberFormat("en");

/** What is shown for a run of NULs, as in a file that was not written to its end. */
export function nulText(count: number): string {
  return count < MIN_NULS ? "\0".repeat(count) : `[NUL x ${COUNT.format(count)}]`;
}

/** The effect of a byte on the line that is shown. */
export type LineAct =
  /** None so far. */
  | "none"
  /** It is text, to be appended after what is pending was applied. */
  | "text"
  /** A style is set: see `parameters`. */
  | "style"
  /** The line is cleared. */
  | "clear"
  /** The line ends, after NULs that are pending were appended. */
  | "end";

/**
 * The effect of control characters and escape sequences on the line that is shown. Page, command line, links and
 * patterns all use it, so that they show and search the same text.
 *
 * Text after a carriage return replaces the line, and text after backspaces replaces its last characters. So a carriage
 * return before the line feed has no effect. Escape sequences, shift-in and shift-out are removed. A run of NULs is
 * shown as their number. Also accepts UTF-16 code units as bytes.
 */
export class LineControls {
  readonly #sequence = new EscapeReader();
  #isInSequence = false;
  #clears = false;
  #erased = 0;
  #nuls = 0;

  /** Whether something must be applied before text is appended: `clears`, `erased` and `nuls`, in this order. */
  get isPending(): boolean {
    return this.#clears || this.#erased > 0 || this.#nuls > 0;
  }

  /** Whether it is inside an escape sequence. */
  get isInSequence(): boolean {
    return this.#isInSequence;
  }

  /** Whether it is inside an escape sequence that contains text, such as a window's title. */
  get isInString(): boolean {
    return this.#isInSequence && this.#sequence.isInString;
  }

  /** Whether the next text replaces the whole line. */
  get clears(): boolean {
    return this.#clears;
  }

  /** How many of the line's last characters the next text replaces. */
  get erased(): number {
    return this.#erased;
  }

  /** What is shown for the NULs since the last text; empty if there are none. */
  get nuls(): string {
    return nulText(this.#nuls);
  }

  /** The parameters of the style that was set last. */
  get parameters(): string {
    return this.#sequence.parameters;
  }

  /** Call after what was pending has been applied. */
  settle(): void {
    this.#clears = false;
    this.#erased = this.#nuls = 0;
  }

  take(byte: number): LineAct {
    if (this.#isInSequence) {
      const came = this.#sequence.take(byte);
      if (came === "more") return "none";
      this.#isInSequence = false;
      if (came === "style") return "style";
      if (came === "restart") {
        this.settle();
        return "clear";
      }
      if (came === "nothing") return "none";
    }
    switch (byte) {
      case LINE_FEED:
        this.#clears = false;
        this.#erased = 0;
        return "end";
      case ESCAPE:
        this.#isInSequence = true;
        this.#sequence.begin();
        return "none";
      case RETURN:
        this.settle();
        this.#clears = true;
        return "none";
      case BACKSPACE:
        if (this.#nuls > 0) this.#nuls -= 1;
        else if (!this.#clears) this.#erased += 1;
        return "none";
      case NUL:
        this.#nuls += 1;
        return "none";
      case SHIFT_IN:
      case SHIFT_OUT:
        return "none";
    }
    return "text";
  }
}
