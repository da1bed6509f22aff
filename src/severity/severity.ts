import { mayBeErrorOrWarning } from "./candidates.ts";
import { FORMS, withoutHarmless } from "./error-forms.ts";
import type { Severity } from "./level-names.ts";
import { statedLevel } from "./stated-level.ts";

export type { Severity } from "./level-names.ts";

/** Characters of a line to look at: a level stands near its beginning. */
export const MAX_LOOKED_AT = 2_000;

/** What is shown for NULs that a damaged file is padded with. */
const NULS = /\[NUL x [\d,]+\]/g;

/** Every line with a level below warning contains one of these. */
const MILD = new RegExp(
  [
    "info|INFO|Info|INF|notice|NOTICE|Notice|LOG|debug|DEBU|Debug|DBG|dbug",
    "trace|TRAC|Trace|TRC|trce|erbose|VERBOSE|VRB",
    '^[IVD]\\S|\\d [IVD] |vel"?\\s*[:=]\\s*"?\\d|"s"',
  ].join("|"),
);
/** The reason of a line that is an error only by its colour. */
const RED: SeverityReason = { severity: "error", because: "", isStated: false };

/** A line's severity, and the part of the line that it follows from. */
export interface SeverityReason {
  readonly severity: Severity;
  /** The part of the line that it follows from; empty if it follows only from the red colour. */
  readonly because: string;
  /** Whether the line has this as its level, rather than words in its text. */
  readonly isStated: boolean;
}

/**
 * A line's severity, with the words that it follows from; `null` if it has none.
 *
 * The line's level decides: in a field of JSON or logfmt, or before the message. Words in the text count only in a line
 * without a level, and the colour only if there are no such words either.
 *
 * @param shown what the line shows, without escape sequences.
 * @param isRed whether most of it is red. Default: no.
 */
export function explainSeverity(shown: string, isRed = false): SeverityReason | null {
  const head = shown.length > MAX_LOOKED_AT ? shown.slice(0, MAX_LOOKED_AT) : shown;
  // Nearly all lines end here.
  if (!isRed && !mayBeErrorOrWarning(head) && !MILD.test(head)) return null;
  const line = head.includes("[NUL x ") ? head.replace(NULS, "") : head;
  const stated = statedLevel(line);
  if (stated !== undefined) {
    const { severity, because } = stated;
    return severity && { severity, because, isStated: true };
  }
  const text = withoutHarmless(line);
  for (const [severity, pattern] of FORMS) {
    const because = pattern.exec(text)?.[0];
    if (because !== undefined) return { severity, because: because.trim(), isStated: false };
  }
  return isRed && isProse(head) ? RED : null;
}

/** A line's severity; `null` if it has none: see {@link explainSeverity}. */
export function severityOf(line: string, isRed = false): Severity | null {
  return explainSeverity(line, isRed)?.severity ?? null;
}

/** Whether a red line may be an error: it is no line of a diff, and no heading such as `____ test ____`. */
function isProse(line: string): boolean {
  return /[\p{L}\p{N}]/u.test(line) && !/^\s*(?:[-+]|@@ |([_=])\1\1)/.test(line);
}
