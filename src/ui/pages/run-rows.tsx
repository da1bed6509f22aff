import type { AnalysisRunSummary } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { causeKindText, causeSentence } from "../../client/cause-words.ts";
import { failedDryRunNames } from "../../client/left-out.ts";
import { markedPhase, PhaseMark, resultText } from "../parts/phase.tsx";
import { Ago, Span } from "../parts/time.tsx";
import { Link } from "../routing/link.tsx";
import { elapsedText } from "../run/headline.ts";
import { Rich, useLanguage, useText } from "../text/text.tsx";
import styles from "./runs.module.css";

/** A list of runs; each row links to its run. */
export function RunRows({ project, runs }: { readonly project: string; readonly runs: readonly AnalysisRunSummary[] }) {
  const text = useText();
  return (
    <ul className={styles.rows}>
      {runs.map((run) => (
        <li key={run.uid}>
          <Link to={{ page: "run", project, run: run.name }} className={styles.row}>
            <span className={styles.phase}>
              <PhaseMark phase={markedPhase(run)} silent /> {resultText(run, text)}
            </span>
            <span className={styles.stage}>{run.stage || <span className="soft">{text.runs.noStage}</span>}</span>
            <span className={`mono ${styles.name}`}>{run.name}</span>
            <span className={styles.took}>
              {run.startTime && (
                <>
                  <span className="hidden">{text.runs.table.took} </span>
                  <Span from={run.startTime} to={run.endTime} />
                </>
              )}
            </span>
            <span className={styles.when}>{run.createTime && <Ago time={run.createTime} />}</span>
            <Why run={run} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Why a run did not pass: whose matter it is, and one sentence. */
function Why({ run }: { readonly run: AnalysisRunSummary }) {
  const { cause } = run;
  const { cause: text } = useText();
  const language = useLanguage();
  if (cause === undefined) {
    const dryRuns = failedDryRunNames(run);
    return dryRuns === "" ? null : <span className={styles.why}>{text.dryRunsFailed(dryRuns)}</span>;
  }
  return (
    <span className={styles.why}>
      <b>{causeKindText(cause, text.words)}</b>{" "}
      <Rich text={causeSentence(cause, text.words, elapsedText(cause, language))} />
    </span>
  );
}
