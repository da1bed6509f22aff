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

/** What a byte does to the line that is shown. */
export type LineAct =
  /** Nothing yet. */
  | "none"
  /** It is text. What is pending comes first. */
  | "text"
  /** A style is set: see `parameters`. */
  | "style"
  /** The line is cleared. */
  | "clear"
  /** The line ends. NULs that are pending come first. */
  | "end";

/**
 * What the control characters and escape sequences of a log do to the line that is shown. It is the one place that
 * knows: page, command line, links and patterns all show and judge the same text.
 *
 * A carriage return, and backspaces, let the text that comes next overwrite the line, or its last characters; so one
 * before the line feed does nothing. Escape sequences, shift-in and shift-out vanish. A run of NULs is one thing.
 * Code units of UTF-16 may stand for bytes.
 */
export class LineControls {
  readonly #sequence = new EscapeReader();
  #isInSequence = false;
  #clears = false;
  #erased = 0;
  #nuls = 0;

  /** Whether something has to be done before text is appended: `clears`, `erased` and `nuls`, in this order. */
  get isPending(): boolean {
    return this.#clears || this.#erased > 0 || this.#nuls > 0;
  }

  /** Whether an escape sequence has begun. */
  get isInSequence(): boolean {
    return this.#isInSequence;
  }

  /** Whether an escape sequence has begun that hides all up to its end, such as a title. */
  get isInString(): boolean {
    return this.#isInSequence && this.#sequence.isInString;
  }

  /** Whether text overwrites the whole line. */
  get clears(): boolean {
    return this.#clears;
  }

  /** How many of the line's last characters text overwrites. */
  get erased(): number {
    return this.#erased;
  }

  /** What is shown for NULs that came; empty if there are none. */
  get nuls(): string {
    return nulText(this.#nuls);
  }

  /** The parameters of the style that was set. */
  get parameters(): string {
    return this.#sequence.parameters;
  }

  /** What was pending is done. */
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
