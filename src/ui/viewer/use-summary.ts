import { useEffect } from "react";
import { errorWords, NAME_WITHIN, nameAbove } from "../../client/first-error.ts";
import { explainSeverity } from "../../severity/severity.ts";
import { numberAt } from "./store/line-names.ts";
import { lineText } from "./store/line-text.ts";
import type { LogReader } from "./store/log-reader.ts";
import { notALog } from "./store/not-a-log.ts";
import type { LogViewerSummary } from "./viewer-props.ts";

/** Bytes of the first error's line in the summary. */
const MAX_BYTES = 4_096;

/** Bytes of a line that may be a test's name. */
const MAX_NAME_BYTES = 500;

/**
 * Reports a log's state whenever it changes.
 *
 * @param current the line that keys act on; -1: none.
 */
export function useSummary(
  { store, progress }: LogReader,
  revision: number,
  current: number,
  onSummary: ((summary: LogViewerSummary) => void) | undefined,
): void {
  const errorAt = current >= 0 && store.errors.has(current) ? store.errors.before(current) + 1 : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the log.
  useEffect(() => {
    if (onSummary === undefined) return;
    const { state, origin, source, end, error, bytes } = progress;
    const line = store.errors.at(0);
    const text = line === -1 ? "" : lineText(store, line, MAX_BYTES);
    const next = line + 1 < store.lines ? lineText(store, line + 1, MAX_BYTES) : undefined;
    const name = text.includes("| FAIL |") ? nameAbove(linesBefore(store, line)) : undefined;
    const why = explainSeverity(text)?.because ?? "";
    onSummary({
      state,
      origin,
      source,
      end,
      error,
      bytes,
      lines: store.lines,
      errors: store.errors.count,
      errorAt,
      warnings: store.warnings.count,
      looksLike: notALog(store, origin),
      firstError: line === -1 ? undefined : { line: numberAt(store, line), text: errorWords(text, next, name), why },
    });
  }, [revision, errorAt, onSummary]);
}

/** The lines before one, as far as the name of its test may be. */
function linesBefore(store: LogReader["store"], line: number): string[] {
  const from = Math.max(0, line - NAME_WITHIN);
  return Array.from({ length: Math.max(0, line - from) }, (_, at) => lineText(store, from + at, MAX_NAME_BYTES));
}
