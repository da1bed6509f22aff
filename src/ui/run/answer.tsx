import type { ReactNode } from "react";
import {
  AnalysisPhase,
  type AnalysisRun,
  type Link as ReportLink,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { causeOf, isOpen } from "../../client/cause.ts";
import { markedPhase, PhaseMark } from "../parts/phase.tsx";
import { Ago, Moment, Span, useNow } from "../parts/time.tsx";
import { Link } from "../routing/link.tsx";
import { Rich, useLanguage, useText } from "../text/text.tsx";
import styles from "./answer.module.css";
import { headline } from "./headline.ts";
import { reasons } from "./reasons.ts";

interface AnswerProps {
  readonly project: string;
  readonly run: AnalysisRun;
  /** Reports of the shown attempt. */
  readonly links: readonly ReportLink[];
  /** The first error of the log, or what is shown instead. */
  readonly children: ReactNode;
}

/** Explains the run's phase, without its log. */
export function Answer({ project, run, links, children }: AnswerProps) {
  const text = useText();
  const language = useLanguage();
  const now = useNow();
  const cause = causeOf(run);
  const { summary } = run;
  return (
    <section className={styles.answer} aria-labelledby="answer">
      <div className={styles.said}>
        <h1 id="answer">
          <PhaseMark phase={markedPhase(summary)} silent /> {headline(cause, text, language)}
        </h1>
        <p className="soft">
          {reasons(cause, run, text, now, language).map((sentence) => (
            <span key={sentence}>
              <Rich text={sentence} />{" "}
            </span>
          ))}
          {isOpen(cause.phase) && cause.container?.startTime && !cause.container.endTime && (
            <RunsFor name={cause.container.name} since={cause.container.startTime} />
          )}
        </p>
      </div>
      <Reports links={links} />
      {children}
      <p className={styles.facts}>
        {summary?.createTime && (
          <span>
            <Moment time={summary.createTime} />,{" "}
            <b>
              <Ago time={summary.createTime} />
            </b>
          </span>
        )}
        {summary?.startTime && (
          <span>
            {cause.phase === AnalysisPhase.RUNNING ? text.cause.running_ : text.cause.took}{" "}
            <b>
              <Span from={summary.startTime} to={summary.endTime} />
            </b>
          </span>
        )}
        {run.freight.map(({ name, alias }) => (
          <span key={name}>
            {text.cause.freight}{" "}
            <Link to={{ page: "runs", project }} query={new URLSearchParams({ freight: name }).toString()}>
              {alias || name.slice(0, 7)}
            </Link>
          </span>
        ))}
        {run.promotion !== "" && (
          <span className={styles.long}>
            {text.cause.promotion}{" "}
            <span className="mono" title={run.promotion}>
              {run.promotion}
            </span>
          </span>
        )}
        {run.rollout !== "" && (
          <span>
            {text.cause.rollout} <b>{run.rollout}</b> {run.revision !== "" && text.cause.revision(run.revision)}
          </span>
        )}
      </p>
    </section>
  );
}

function RunsFor({
  name,
  since,
}: {
  readonly name: string;
  readonly since: NonNullable<AnalysisRun["summary"]>["createTime"];
}) {
  const text = useText();
  // The duration keeps changing, so it is separate from the sentence.
  const [before = "", after = ""] = text.cause.hasRun(name, "\u0000").split("**\u0000**");
  return (
    <>
      <Rich text={before} />
      <b>{since && <Span from={since} />}</b>
      <Rich text={after} />
    </>
  );
}

function Reports({ links }: { readonly links: readonly ReportLink[] }) {
  const text = useText();
  const safe = links.filter(({ url }) => /^https?:\/\//i.test(url));
  if (safe.length === 0) return null;
  return (
    <nav className={styles.links} aria-label={text.cause.reports}>
      {safe.map(({ title, url, containerName }) => (
        <a key={`${containerName} ${url}`} href={url} target="_blank" rel="noopener noreferrer">
          {title}
          <span aria-hidden="true"> ↗</span>
          <span className="hidden"> ({text.cause.opensElsewhere})</span>
        </a>
      ))}
    </nav>
  );
}
