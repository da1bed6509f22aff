import { useEffect } from "react";
import { errorWords } from "../../client/first-error.ts";
import { explainSeverity } from "../../client/severity.ts";
import { numberAt } from "./store/line-names.ts";
import { lineText } from "./store/line-text.ts";
import type { LogReader } from "./store/log-reader.ts";
import type { LogViewerSummary } from "./viewer-props.ts";

/** Bytes of the first error's line in the summary. */
const MAX_BYTES = 4_096;

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
      looksLike: looksLike(store),
      firstError: line === -1 ? undefined : { line: numberAt(store, line), text: errorWords(text, next), why },
    });
  }, [revision, errorAt, onSummary]);
}

/** What the store sent instead of a log, according to the server. */
function looksLike({ notices }: LogReader["store"]): LogViewerSummary["looksLike"] {
  if (notices.some(({ kind }) => kind === "LOOKS_LIKE_PAGE")) return "page";
  return notices.some(({ kind }) => kind === "LOOKS_LIKE_ANSWER") ? "answer" : undefined;
}
