import type { ReactNode } from "react";
import {
  AnalysisPhase,
  type AnalysisRun,
  type Link as ReportLink,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Cause, causeOf, isOpen } from "../../client/cause.ts";
import { verbatim } from "../../client/emphasis.ts";
import { leftOutParts } from "../../client/left-out.ts";
import { markedPhase, PhaseMark } from "../parts/phase.tsx";
import { Ago, Moment, Span, useNow } from "../parts/time.tsx";
import { Link } from "../routing/link.tsx";
import type { Text } from "../text/en.ts";
import { Rich, useLanguage, useText } from "../text/text.tsx";
import styles from "./answer.module.css";
import { headline } from "./headline.ts";
import { attemptHeadline, attemptReasons } from "./other-attempt.ts";
import { reasons } from "./reasons.ts";

interface AnswerProps {
  readonly project: string;
  readonly run: AnalysisRun;
  /** Another attempt than the one that decided, if that is shown. */
  readonly other: Cause | undefined;
  /** Reports of the shown attempt. */
  readonly links: readonly ReportLink[];
  /** The first error of the log, or what is shown instead. */
  readonly children: ReactNode;
}

/** Explains the run's phase, without its log. */
export function Answer({ project, run, other, links, children }: AnswerProps) {
  const text = useText();
  const language = useLanguage();
  const now = useNow();
  const cause = causeOf(run);
  const { summary } = run;
  const isRunning = isOpen(cause.phase);
  const told = other ?? cause;
  const { container } = told;
  const leftOut = leftOutParts(run.leftOut, text.leftOut.parts);
  const sentences =
    other === undefined ? reasons(cause, run, text, now, language) : attemptReasons(other, run, text, now, language);
  return (
    <section className={styles.answer} aria-labelledby="answer">
      <div className={styles.said}>
        <h1 id="answer">
          <PhaseMark phase={other === undefined ? markedPhase(summary) : other.phase} silent />{" "}
          {other === undefined ? headline(cause, text, language) : attemptHeadline(other, text)}
        </h1>
        <p className="soft">
          {sentences.map((sentence) => (
            <span key={sentence}>
              <Rich text={sentence} />{" "}
            </span>
          ))}
          {isOpen(told.phase) && container?.startTime && !container.endTime && (
            <Rich text={text.cause.runs(container.name)} />
          )}
          {leftOut.length > 0 && text.leftOut.said(leftOut)}
          {other !== undefined && <Rich text={text.cause.wholeRun(verbatim(headline(cause, text, language)))} />}
        </p>
      </div>
      <Reports links={links} />
      {children}
      <p className={styles.facts}>
        {summary?.createTime && (
          <span>
            <Moment time={summary.createTime} />
            {!isRunning && (
              <>
                ,{" "}
                <b>
                  <Ago time={summary.createTime} />
                </b>
              </>
            )}
          </span>
        )}
        {summary?.startTime && (
          <span>
            {/* The only clock of the page that runs: others would begin at other moments. */}
            {spanWords(cause.phase, text)}{" "}
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

function spanWords(phase: AnalysisPhase, { cause }: Text): string {
  if (phase === AnalysisPhase.RUNNING) return cause.running_;
  return isOpen(phase) ? cause.waiting_ : cause.took;
}

function Reports({ links }: { readonly links: readonly ReportLink[] }) {
  const text = useText();
  // A path of this server redirects to a page in a private bucket.
  const safe = links.filter(({ url }) => /^(?:https?:\/\/|\/(?![/\\]))/i.test(url));
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
