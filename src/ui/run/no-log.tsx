import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type AnalysisRun, type SourceAttempt, SourceOutcome } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError } from "../../client/describe-error.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { ErrorState, operatorText } from "../parts/error-state.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { useNow } from "../parts/time.tsx";
import { Link } from "../place/link.tsx";
import { useServerInfo } from "../session/server-info.ts";
import type { Text } from "../text/en.ts";
import { agoText } from "../text/format.ts";
import { Rich } from "../text/rich.tsx";
import { useLanguage, useText } from "../text/text.tsx";
import styles from "./no-log.module.css";
import { choiceOf, type Selection, selectedAttempt } from "./selection.ts";
import { useRetry } from "./use-retry.ts";

interface NoLogProps {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly selection: Selection;
  readonly error: unknown;
  onAgain(): void;
}

/** A store may have a log only some time after the job's end. */
const LATE_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Says which link of run, metric, attempt and sources broke, and what to do about it. */
export function NoLog({ project, run, selection, error, onAgain }: NoLogProps) {
  const text = useText();
  const language = useLanguage();
  const now = useNow();
  const { contact, retentionDays } = useServerInfo();
  const described = describeError(error);
  const { metric, attempt, container } = selection;
  const { endTime } = selectedAttempt(selection) ?? {};
  const endedMs = endTime && now - timestampMs(endTime);
  const isMissing = described.reason === "LOG_NOT_FOUND";
  const isFresh = isMissing && endedMs !== undefined && endedMs < LATE_MS;
  const isPast = isMissing && endedMs !== undefined && retentionDays > 0 && endedMs > retentionDays * DAY_MS;
  const retry = useRetry(isFresh || described.reason === "LOG_NOT_YET", onAgain);
  if (described.code === Code.PermissionDenied) {
    return <ErrorState error={error} project={project} />;
  }
  if (described.sources.length === 0 && described.available.length === 0 && !isMissing) {
    return <ErrorState error={error} project={project} onAgain={onAgain} />;
  }

  const why = isPast
    ? text.noLog.pastRetention(retentionDays)
    : isFresh && endTime
      ? text.noLog.endedAgo(agoText(timestampMs(endTime), now, language))
      : described.sources.some(({ outcome }) => outcome === SourceOutcome.REFUSED)
        ? text.states.backendRefusedWhy
        : described.message;
  const saying = selectedAttempt(selection)?.message || metric?.message || run.message;
  return (
    <StatePage
      title={text.noLog.title(metric?.name ?? selection.missing, attempt, container)}
      why={why}
      next={retry && text.noLog.lookingIn(retry.seconds, retry.tries, retry.of)}
      details={
        <>
          <ol className={styles.chain} aria-label={text.noLog.chainLabel}>
            <Step sign="ok" text={text.noLog.run(run.summary?.name ?? "")} />
            {metric && <Step sign="ok" text={text.noLog.metric(metric.name)} />}
            {metric && attempt > 0 && !described.reason.startsWith("ATTEMPT") && (
              <Step sign="ok" text={text.noLog.attempt(attempt)} />
            )}
            {described.sources.length === 0 && <Step sign="bad" text={described.message} />}
            {described.sources.map((each) => (
              <Step key={each.source} sign={signOf(each)} text={sourceText(each, text)} />
            ))}
          </ol>
          {saying && (
            <p className="soft">
              <Rich text={text.noLog.runSays(saying)} />
            </p>
          )}
          {contact !== "" && <p className="soft">{text.noLog.askFor(contact)}</p>}
        </>
      }
    >
      <button type="button" className="go" onClick={onAgain}>
        {text.noLog.lookAgain}
      </button>
      {selection.missing === "" && metric && (
        <Elsewhere project={project} run={run} selection={selection} available={described.available} />
      )}
      {selection.missing !== "" && (
        <Link to={{ page: "run", project, run: run.summary?.name ?? "" }} className="plain">
          {text.noLog.defaultLog}
        </Link>
      )}
      <CopyButton value={() => operatorText(described, location.href)} done={text.noLog.copied}>
        {text.noLog.copyDetails}
      </CopyButton>
      {described.reference && <span className="soft">{text.noLog.reference(described.reference)}</span>}
    </StatePage>
  );
}

/** Leads to another attempt, which may well have a log. */
function Elsewhere({
  project,
  run,
  selection: { metric, attempt },
}: Omit<NoLogProps, "error" | "onAgain"> & { readonly available: readonly string[] }) {
  const text = useText();
  const other = metric?.attempts.findLast(({ number }) => number !== attempt);
  if (metric === undefined || other === undefined) return null;
  return (
    <Link
      to={{ page: "run", project, run: run.summary?.name ?? "", log: choiceOf(metric, other.number, "") }}
      className="plain"
    >
      {text.noLog.otherAttempt(other.number)}
    </Link>
  );
}

const SIGNS = { ok: "✓", bad: "✕", skipped: "–" } as const;

function Step({ sign, text }: { readonly sign: keyof typeof SIGNS; readonly text: string }) {
  return (
    <li className={styles[sign]}>
      <span aria-hidden="true">{SIGNS[sign]}</span>
      <span>
        <Rich text={text} />
      </span>
    </li>
  );
}

function signOf({ outcome }: SourceAttempt): keyof typeof SIGNS {
  const isSkipped =
    outcome === SourceOutcome.NOT_MATCHED ||
    outcome === SourceOutcome.VARIABLE_MISSING ||
    outcome === SourceOutcome.NOT_YET;
  return isSkipped ? "skipped" : "bad";
}

function sourceText({ source, outcome, httpStatus, message }: SourceAttempt, { noLog }: Text): string {
  const { outcomes } = noLog;
  const said = (): string => {
    switch (outcome) {
      case SourceOutcome.NOT_MATCHED:
        return outcomes.notMatched;
      case SourceOutcome.VARIABLE_MISSING:
        return outcomes.variableMissing;
      case SourceOutcome.VALUE_REFUSED:
        return outcomes.valueRefused;
      case SourceOutcome.NOT_FOUND:
        return httpStatus > 0 ? outcomes.notFoundStatus(httpStatus) : message || outcomes.notFound;
      case SourceOutcome.REFUSED:
        return outcomes.refused;
      case SourceOutcome.UNAVAILABLE:
        return message || outcomes.unavailable;
      case SourceOutcome.SILENT:
        return outcomes.silent;
      case SourceOutcome.NOT_YET:
        return message || outcomes.notYet;
      default:
        return message || outcomes.unknown;
    }
  };
  return noLog.source(source, said());
}
