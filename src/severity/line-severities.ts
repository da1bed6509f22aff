import { type Belonging, ErrorLines } from "./belonging.ts";
import { mayBeErrorOrWarning } from "./candidates.ts";
import { explainSeverity, type Severity } from "./severity.ts";

/** The severity of a line in its log. */
export interface JudgedLine {
  readonly severity: Severity | null;
  /** Which part of the error before it the line is. A line that belongs to an error has no severity of its own. */
  readonly belongs: Belonging;
}

const NOTHING: JudgedLine = { severity: null, belongs: "none" };

/** Determines the severities of one log's lines, in order. */
export class LineSeverities {
  readonly #ignoresOthers: boolean;
  #error: ErrorLines | undefined;

  /** @param ignoresOthers whether only errors and warnings matter, which is faster. Default: no. */
  constructor({ ignoresOthers = false }: { readonly ignoresOthers?: boolean } = {}) {
    this.#ignoresOthers = ignoresOthers;
  }

  /**
   * @param line what the line shows.
   * @param isRed whether most of it is red.
   */
  take(line: string, isRed = false): JudgedLine {
    const belongs = this.#error?.take(line) ?? "none";
    if (this.#error?.isOver) this.#error = undefined;
    if (belongs !== "none") return { severity: null, belongs };
    if (this.#ignoresOthers && !isRed && !mayBeErrorOrWarning(line)) return NOTHING;
    const severity = explainSeverity(line, isRed)?.severity ?? null;
    if (severity === "error") this.#error = new ErrorLines(line);
    return { severity, belongs };
  }
}
