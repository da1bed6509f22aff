import type { AnalysisRun } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { hasFailed } from "../../client/cause.ts";
import { numberText } from "../text/format.ts";
import { useLanguage, useText } from "../text/text.tsx";
import styles from "./answer.module.css";
import type { LogSummary } from "./log-props.ts";

interface FirstErrorProps {
  readonly run: AnalysisRun;
  readonly summary: LogSummary | undefined;
  onJump(line: number): void;
}

/** The first error of the log that is shown, and the way to it; else what the run says. */
export function FirstError({ run, summary, onJump }: FirstErrorProps) {
  const { cause: text } = useText();
  const language = useLanguage();
  const first = summary?.firstError;
  if (first !== undefined && summary !== undefined) {
    return (
      <div className={styles.first}>
        <span className={styles.number}>
          <span className="hidden">{text.line("")} </span>
          {first.line}
        </span>
        <code>{first.text}</code>
        <span className="soft">
          {summary.errors > 1 ? text.firstOf(numberText(summary.errors, language)) : text.onlyError}
        </span>
        <button type="button" className="go" onClick={() => onJump(first.line)}>
          {text.toError}
        </button>
      </div>
    );
  }
  const hasEnded = summary?.state.kind === "ended";
  if (!hasFailed(run.summary?.phase) || !hasEnded || run.message === "") return null;
  return (
    <div className={`${styles.first} ${styles.calm}`}>
      <code>{run.message}</code>
      <span className="soft">{summary.lines > 0 && !summary.error ? text.noError : text.saidByRun}</span>
    </div>
  );
}
