import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type AnalysisRun, type SourceAttempt, SourceOutcome } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError, type ErrorDescription } from "../../client/describe-error.ts";
import { verbatim } from "../../client/emphasis.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { ErrorState } from "../parts/error-state.tsx";
import { operatorText } from "../parts/operator-text.ts";
import { StatePage, type Trying } from "../parts/state-page.tsx";
import { useNow } from "../parts/time.tsx";
import { useRetry } from "../parts/use-retry.ts";
import { Link } from "../routing/link.tsx";
import { useServerInfo } from "../session/server-info.ts";
import { agoText } from "../text/format.ts";
import { Rich, useLanguage, useText } from "../text/text.tsx";
import styles from "./no-log.module.css";
import { choiceOf, type LogSelection, selectedAttempt } from "./selection.ts";
import { hasDocument, mayComeBack, sourceWords, whyNoLog } from "./source-words.ts";

interface NoLogProps {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly selection: LogSelection;
  readonly error: unknown;
  /** Whether a retry is in progress. */
  readonly isAsking: boolean;
  /** The current try, if the log is retried automatically. */
  readonly trying: Trying | undefined;
  onAgain(): void;
  /** Reads the document that a source returned in place of the log. */
  onShowDocument(): void;
}

/** Milliseconds after a job's end in which a store may not have received the log yet. */
const LATE_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Shows which step failed, from run and metric to attempt and sources, and what to do about it. */
export function NoLog(props: NoLogProps) {
  const { project, run, selection, error, isAsking, trying, onAgain } = props;
  const described = describeError(error);
  const { code, reason, sources, available } = described;
  const isChain = sources.length > 0 || available.length > 0 || reason === "LOG_NOT_FOUND";
  if (isChain && code !== Code.PermissionDenied) return <BrokenChain {...props} described={described} />;
  return (
    <ErrorState
      error={error}
      project={project}
      onAgain={onAgain}
      isAsking={isAsking}
      trying={trying}
      details={<RunSays run={run} selection={selection} />}
    />
  );
}

function BrokenChain(props: NoLogProps & { readonly described: ErrorDescription }) {
  const { project, run, selection, isAsking, trying, onAgain, onShowDocument, described } = props;
  const text = useText();
  const language = useLanguage();
  const now = useNow();
  const { contact, retentionDays } = useServerInfo();
  const { metric, attempt, container } = selection;
  const { endTime } = selectedAttempt(selection) ?? {};
  const endedMs = endTime && now - timestampMs(endTime);
  const isMissing = described.reason === "LOG_NOT_FOUND";
  const isFresh = isMissing && endedMs !== undefined && (endedMs < LATE_MS || (described.retryAt ?? 0) > now);
  const isPast = isMissing && endedMs !== undefined && retentionDays > 0 && endedMs > retentionDays * DAY_MS;
  const isPassing = isFresh || mayComeBack(described);
  const retry = useRetry(isPassing, onAgain, isAsking);
  const isMistyped = described.available.length > 0;

  let why = whyNoLog(described, text);
  if (isPast) why = text.noLog.pastRetention(retentionDays);
  else if (isFresh && endTime) why = text.noLog.endedAgo(agoText(timestampMs(endTime), now, language));
  let next = text.noLog.tell(contact, described.reference);
  if (isMistyped) next = text.noLog.thereAre(described.available.join(", "));
  else if (isPassing) next = text.noLog.ifItStays(contact, described.reference);
  else if (isPast) next = text.noLog.keptLonger(contact);
  return (
    <StatePage
      title={text.noLog.title(metric?.name ?? selection.missing, attempt, container)}
      why={why}
      next={next}
      retry={retry}
      isAsking={isAsking}
      trying={trying}
      details={
        <>
          <ol className={styles.chain} aria-label={text.noLog.chainLabel}>
            <Step sign="ok" text={text.noLog.run(run.summary?.name ?? "")} />
            {metric && <Step sign="ok" text={text.noLog.metric(metric.name)} />}
            {metric && attempt > 0 && !described.reason.startsWith("ATTEMPT") && (
              <Step sign="ok" text={text.noLog.attempt(attempt)} />
            )}
            {described.sources.length === 0 && <Step sign="bad" text={why} />}
            {described.sources.map((each) => (
              <Step key={each.source} sign={signOf(each)} text={sourceWords(each, text)} />
            ))}
          </ol>
          <RunSays run={run} selection={selection} />
        </>
      }
    >
      <button type="button" className="go" onClick={onAgain}>
        {text.noLog.lookAgain}
      </button>
      {hasDocument(described) && (
        <button type="button" className="plain" onClick={onShowDocument}>
          {text.states.showAnyway}
        </button>
      )}
      {selection.missing === "" && metric && <Elsewhere project={project} run={run} selection={selection} />}
      {selection.missing !== "" && (
        <Link to={{ page: "run", project, run: run.summary?.name ?? "" }} className="plain">
          {text.noLog.defaultLog}
        </Link>
      )}
      <CopyButton value={() => operatorText(described, location.href)} done={text.noLog.copied}>
        {text.noLog.copyDetails}
      </CopyButton>
    </StatePage>
  );
}

/** The message of Argo Rollouts. */
function RunSays({ run, selection }: Pick<NoLogProps, "run" | "selection">) {
  const { noLog } = useText();
  const saying = selectedAttempt(selection)?.message || selection.metric?.message || run.message;
  if (saying === "") return null;
  return (
    <p className={`soft ${styles.saying}`}>
      <Rich text={noLog.runSays(verbatim(saying))} />
    </p>
  );
}

/** Links to another attempt, which may have a log. */
function Elsewhere({
  project,
  run,
  selection: { metric, attempt },
}: Pick<NoLogProps, "project" | "run" | "selection">) {
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
