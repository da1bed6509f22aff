import { type Belonging, ErrorLines } from "./belonging.ts";
import { mayBeGrave } from "./candidates.ts";
import { explainSeverity, type Severity } from "./severity.ts";

/** What a line is in its log. */
export interface JudgedLine {
  readonly severity: Severity | null;
  /** What it is to the error before it. A line that belongs to one has no severity of its own. */
  readonly belongs: Belonging;
}

const NOTHING: JudgedLine = { severity: null, belongs: "none" };

/** Judges the lines of one log in order. */
export class LineSeverities {
  readonly #isGraveOnly: boolean;
  #error: ErrorLines | undefined;

  /** @param isGraveOnly whether to tell only errors and warnings, which is faster. Default: no. */
  constructor({ isGraveOnly = false }: { readonly isGraveOnly?: boolean } = {}) {
    this.#isGraveOnly = isGraveOnly;
  }

  /**
   * @param line what the line shows.
   * @param isRed whether most of it is red.
   */
  take(line: string, isRed = false): JudgedLine {
    const belongs = this.#error?.take(line) ?? "none";
    if (this.#error?.isOver) this.#error = undefined;
    if (belongs !== "none") return { severity: null, belongs };
    if (this.#isGraveOnly && !isRed && !mayBeGrave(line)) return NOTHING;
    const severity = explainSeverity(line, isRed)?.severity ?? null;
    if (severity === "error") this.#error = new ErrorLines(line);
    return { severity, belongs };
  }
}
