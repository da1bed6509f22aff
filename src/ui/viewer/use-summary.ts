import { useEffect } from "react";
import { errorWords } from "../../client/first-error.ts";
import { explainSeverity } from "../../client/severity.ts";
import type { LogViewerSummary } from "./log-viewer.tsx";
import { numberAt } from "./store/line-names.ts";
import { lineText } from "./store/line-text.ts";
import type { LogReader } from "./store/log-reader.ts";

/** As much of the first error is told. */
const TOLD_BYTES = 4_096;

/** Tells what is known of a log, at each change of it. */
export function useSummary(
  { store, progress }: LogReader,
  revision: number,
  onSummary: ((summary: LogViewerSummary) => void) | undefined,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the log.
  useEffect(() => {
    if (onSummary === undefined) return;
    const { state, origin, end, error, bytes } = progress;
    const line = store.errors.at(0);
    const text = line === -1 ? "" : lineText(store, line, TOLD_BYTES);
    const next = line + 1 < store.lines ? lineText(store, line + 1, TOLD_BYTES) : undefined;
    const why = explainSeverity(text)?.because ?? "";
    onSummary({
      ...{ state, origin, end, error, bytes },
      ...{ lines: store.lines, errors: store.errors.count, warnings: store.warnings.count },
      looksLike: looksLike(store),
      firstError: line === -1 ? undefined : { line: numberAt(store, line), text: errorWords(text, next), why },
    });
  }, [revision, onSummary]);
}

/** What a store sent in place of a log, as its server tells. */
function looksLike({ notices }: LogReader["store"]): LogViewerSummary["looksLike"] {
  if (notices.some(({ kind }) => kind === "LOOKS_LIKE_PAGE")) return "page";
  return notices.some(({ kind }) => kind === "LOOKS_LIKE_ANSWER") ? "answer" : undefined;
}
