import type { AnalysisRun, Attempt, Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { PhaseMark } from "../parts/phase.tsx";
import { Span } from "../parts/time.tsx";
import { Link } from "../routing/link.tsx";
import { useText } from "../text/text.tsx";
import styles from "./metrics-nav.module.css";
import { choiceOf, type LogSelection } from "./selection.ts";

interface MetricsNavProps {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly selection: LogSelection;
}

/** Navigation over the metrics of a run and their attempts. */
export function MetricsNav({ project, run, selection }: MetricsNavProps) {
  const { nav: text } = useText();
  return (
    <nav aria-label={text.label} className={`${styles.nav} ${styles.metrics}`}>
      <h2>{text.metrics}</h2>
      <ul>
        {run.metrics.map((metric) => (
          <MetricItem key={metric.name} project={project} run={run} metric={metric} selection={selection} />
        ))}
      </ul>
    </nav>
  );
}

function MetricItem({ project, run, metric, selection }: MetricsNavProps & { readonly metric: Metric }) {
  const { nav: text } = useText();
  const isJob = metric.provider === "job";
  const isChosen = metric.name === selection.metric?.name;
  const last = metric.attempts.at(-1);
  const toAttempt = (number: number) =>
    ({ page: "run", project, run: run.summary?.name ?? "", log: choiceOf(metric, number, "") }) as const;
  const single = isJob && metric.attempts.length === 1;
  return (
    <li>
      <Link
        to={toAttempt(isJob ? (last?.number ?? 0) : 0)}
        className={styles.metric}
        aria-current={isChosen && (single || !isJob || last === undefined) ? "true" : undefined}
      >
        <PhaseMark phase={metric.phase} />
        <span className={styles.name}>{metric.name}</span>
        <span className={styles.right}>
          {single && last && <Took attempt={last} />}
          {!isJob && last?.value}
        </span>
      </Link>
      {!isJob && <p className={styles.note}>{text.noLog(metric.provider)}</p>}
      {metric.dryRun && <p className={styles.note}>{text.dryRun}</p>}
      {isJob && last === undefined && <p className={styles.note}>{text.notBegun}</p>}
      {isJob && !single && (
        <ul>
          {metric.attempts.map((attempt) => {
            const { number, phase } = attempt;
            return (
              <li key={number}>
                <Link
                  to={toAttempt(number)}
                  className={styles.attempt}
                  aria-current={isChosen && number === selection.attempt ? "true" : undefined}
                >
                  <PhaseMark phase={phase} />
                  {text.attempt(number)}
                  <span className={styles.right}>
                    <Took attempt={attempt} />
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      )}
      {(metric.attempts[0]?.number ?? 1) > 1 && <p className={styles.note}>{text.forgotten}</p>}
    </li>
  );
}

/** How long an attempt took. One that runs has no clock of its own: the page has one, in its header. */
function Took({ attempt: { startTime, endTime } }: { readonly attempt: Attempt }) {
  return startTime && endTime && <Span from={startTime} to={endTime} />;
}
