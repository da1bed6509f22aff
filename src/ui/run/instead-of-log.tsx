import { type ReactNode, useState } from "react";
import { type AnalysisRun, EndReason } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { verbatim } from "../../client/emphasis.ts";
import { StatePage } from "../parts/state-page.tsx";
import { useServerInfo } from "../session/server-info.ts";
import { useText } from "../text/text.tsx";
import type { LogViewerSummary } from "../viewer/viewer-props.ts";
import { NoLog } from "./no-log.tsx";
import type { LogSelection } from "./selection.ts";

interface InsteadOfLogOptions {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly selection: LogSelection;
  /** The state of the log so far. */
  readonly summary: LogViewerSummary | undefined;
  /** Whether a document is shown that a store returned in place of the log. */
  readonly showsDocument: boolean;
  /** Reads the log again. */
  onAgain(): void;
  /** Reads it with such a document. */
  onShowDocument(): void;
}

/**
 * What is shown instead of a log: an error, what it waits for, that it is empty, or that it is not a log. An error
 * stays during a retry.
 *
 * @returns `undefined` if there is a log to show.
 */
export function useInsteadOfLog(options: InsteadOfLogOptions): ReactNode | undefined {
  const { summary, showsDocument, onAgain, onShowDocument, ...about } = options;
  const text = useText();
  const { contact } = useServerInfo();
  const [failed, setFailed] = useState<unknown>();
  const { state, lines = 0, error, end, looksLike } = summary ?? {};
  const isOver = state?.kind === "ended";
  const waitsFor = state?.kind === "waiting" && state.for === "log" && lines === 0 ? state.message : undefined;
  let failure = failed;
  if (isOver) failure = lines === 0 ? error : undefined;
  else if (lines > 0 || waitsFor !== undefined) failure = undefined;
  else if (state?.kind === "waiting" && state.for === "server") failure = state.error;
  if (failure !== failed) setFailed(failure);

  const trying = state !== undefined && "tries" in state ? state : undefined;
  if (failure !== undefined) {
    return <NoLog {...about} {...{ trying, onAgain, onShowDocument }} error={failure} isAsking={!isOver} />;
  }
  if (waitsFor !== undefined) {
    return <StatePage title={text.states.waiting} why={verbatim(waitsFor)} next={text.states.waitingWhy} />;
  }
  if (isOver && lines === 0 && end?.reason === EndReason.COMPLETE) {
    return <StatePage title={text.states.empty} why={text.states.emptyWhy} next={text.states.emptyNext} />;
  }
  if (looksLike === undefined || showsDocument) return undefined;
  return (
    <StatePage title={text.states.jsonAnswer} why={text.states.jsonAnswerWhy} next={text.noLog.tell(contact, "")} isBad>
      <button type="button" className="go" onClick={onAgain}>
        {text.noLog.lookAgain}
      </button>
      <button type="button" className="plain" onClick={onShowDocument}>
        {text.states.showAnyway}
      </button>
    </StatePage>
  );
}
