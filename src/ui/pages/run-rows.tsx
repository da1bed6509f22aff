import type { AnalysisRunSummary } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isFailure } from "../../client/cause.ts";
import { PhaseMark, phaseText } from "../parts/phase.tsx";
import { Ago, Span } from "../parts/time.tsx";
import { Link } from "../routing/link.tsx";
import { useText } from "../text/text.tsx";
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
              <PhaseMark phase={run.phase} silent /> {phaseText(run.phase, text)}
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
            {isFailure(run.phase) && run.message !== "" && <span className={styles.why}>{run.message}</span>}
          </Link>
        </li>
      ))}
    </ul>
  );
}
