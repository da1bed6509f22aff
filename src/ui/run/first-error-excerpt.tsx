import type { AnalysisPhase } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isFailure } from "../../client/cause.ts";
import type { Text } from "../text/en.ts";
import { numberText } from "../text/format.ts";
import { useLanguage, useText } from "../text/text.tsx";
import type { LogViewerSummary } from "../viewer/viewer-props.ts";
import styles from "./answer.module.css";

interface FirstErrorExcerptProps {
  /** The phase of what is shown: the run, or an attempt of it. */
  readonly phase: AnalysisPhase | undefined;
  /** What is said of it; may be empty. */
  readonly message: string;
  readonly summary: LogViewerSummary | undefined;
  onFirst(line: number): void;
  onNext(): void;
}

/** The first error of the shown log, with buttons to go to it and to the next one; else the run's message. */
export function FirstErrorExcerpt({ phase, message, summary, onFirst, onNext }: FirstErrorExcerptProps) {
  const { cause: text } = useText();
  const language = useLanguage();
  const first = summary?.firstError;
  // A web page or JSON document instead of a log has no errors.
  const isLog = summary?.looksLike === undefined;
  if (first !== undefined && summary !== undefined && isLog) {
    return (
      <div className={styles.first}>
        <button type="button" className={styles.line} title={text.toError} onClick={() => onFirst(first.line)}>
          <span className={styles.number}>
            <span className="hidden">{`${text.toError}, `}</span>
            {first.line}
          </span>
          <code>{first.text}</code>
        </button>
        <span className="soft">{errorWords(summary, text, language)}</span>
        {summary.errors > 1 && (
          <button type="button" className="go" onClick={onNext}>
            {text.nextError} <span className={styles.key}>e</span>
          </button>
        )}
      </div>
    );
  }
  const hasEnded = summary?.state.kind === "ended";
  if (!isFailure(phase) || !hasEnded || message === "") return null;
  return (
    <div className={`${styles.first} ${styles.calm}`}>
      <code>{message}</code>
      <span className="soft">{summary.lines > 0 && !summary.error && isLog ? text.noError : text.saidByRun}</span>
    </div>
  );
}

/** Which of the errors is the current line. */
function errorWords({ errors, errorAt }: LogViewerSummary, text: Text["cause"], language: string): string {
  if (errors === 1) return text.onlyError;
  const count = numberText(errors, language);
  return errorAt > 1 ? text.errorAt(numberText(errorAt, language), count) : text.firstOf(count);
}
