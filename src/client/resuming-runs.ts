import { Code, ConnectError } from "@connectrpc/connect";
import type { AnalysisRunSummary, WatchAnalysisRunsResponse } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { applyChanges, changesOf, diffRuns, type RunChange } from "./apply-changes.ts";
import type { LogState } from "./log-state.ts";
import { nextMessage } from "./next-message.ts";
import type { Resuming, SignIns } from "./resuming-log.ts";
import { backoffDelay, breakError, isRetryable, MAX_FIRST_TRIES } from "./retry.ts";
import { sleep } from "./sleep.ts";

/** The state of watched runs. */
export interface WatchedRuns {
  /** The current runs, newest first. */
  readonly runs: readonly AnalysisRunSummary[];
  /** Whether there are older ones beyond the limit. */
  readonly more: boolean;
  /** The changes since the last time. Absent the first time. */
  readonly changes?: readonly RunChange[];
}

/** What a watch is doing: the states of a log's stream, except waiting for the log. */
export type WatchState = Exclude<LogState, { readonly for: "log" }>;

const BROKEN = "The connection broke.";
const SILENT = "The connection timed out.";

/**
 * Watches runs over as many calls as necessary. A watch cannot be resumed, so each call starts with a list, of which
 * only the differences from the last one are yielded.
 *
 * A call that brought its list resets the count of tries; but the delay before the next call keeps growing until a call
 * brings more than its list.
 *
 * @throws ConnectError if a retry would not help, or has not helped often enough. There is no other end.
 */
export async function* resumingRuns(
  call: (signal: AbortSignal) => AsyncIterable<WatchAnalysisRunsResponse>,
  options: Resuming & SignIns,
  signal: AbortSignal,
  onState: (state: WatchState) => void,
): AsyncGenerator<WatchedRuns, never, undefined> {
  const { renewsToken, signedOut } = options;
  let known: WatchedRuns | undefined;
  let tries = 0;
  let backoffStep = 0;
  let renewedToken = false;

  const take = ({ event }: WatchAnalysisRunsResponse): WatchedRuns | undefined => {
    if (event.case === "list") {
      const { analysisRuns: runs, more } = event.value;
      const changes = known && diffRuns(known.runs, runs);
      const isNews = changes === undefined || changes.length > 0 || more !== known?.more;
      known = { runs, more };
      return isNews ? { runs, more, ...(changes && { changes }) } : undefined;
    }
    if (event.case !== "changes" || known === undefined) return undefined;
    const changes = changesOf(event.value.changes);
    known = { runs: applyChanges(known.runs, changes), more: event.value.more };
    return { ...known, changes };
  };

  async function* readCall(): AsyncGenerator<WatchedRuns, ConnectError, undefined> {
    // Transports read until the call is aborted: leaving the loop alone would not end it.
    const callAbort = new AbortController();
    const messages = call(AbortSignal.any([callAbort.signal, signal]))[Symbol.asyncIterator]();
    let hasList = false;
    try {
      for (;;) {
        let message: WatchAnalysisRunsResponse | undefined;
        try {
          message = await nextMessage(messages, options, SILENT, callAbort);
        } catch (error) {
          return breakError(error, BROKEN);
        }
        if (message === undefined) return new ConnectError(BROKEN, Code.Unavailable);
        if (hasList) backoffStep = 0;
        if (message.event.case === "list") {
          hasList = true;
          tries = 0;
          renewedToken = false;
          onState({ kind: "streaming" });
        }
        const news = take(message);
        if (news !== undefined) yield news;
      }
    } finally {
      callAbort.abort();
      Promise.resolve(messages.return?.()).catch(() => {});
    }
  }

  const canceled = (reason: unknown): never => {
    throw ConnectError.from(reason, Code.Canceled);
  };
  try {
    onState({ kind: "connecting" });
    for (;;) {
      const error = yield* readCall();
      const maxTries = known === undefined ? Math.min(options.tries, MAX_FIRST_TRIES) : options.tries;
      const isSignedOut = error.code === Code.Unauthenticated;
      if (isSignedOut && signedOut !== undefined && !signal.aborted) {
        onState({ kind: "waiting", for: "sign-in" });
        await signedOut(signal).catch(canceled);
        onState({ kind: "resuming", tries: 1, of: maxTries });
        continue;
      }
      const renews: boolean = isSignedOut && known !== undefined && renewsToken && !renewedToken;
      if (signal.aborted || tries >= maxTries || !(renews || isRetryable(error, known !== undefined))) throw error;
      tries += 1;
      backoffStep += 1;
      renewedToken ||= renews;
      const delayMs = backoffDelay(backoffStep, options);
      onState({ kind: "waiting", for: "server", tries, of: maxTries, delayMs, error });
      await sleep(delayMs, signal, options.timer).catch(canceled);
      onState({ kind: "resuming", tries, of: maxTries });
    }
  } finally {
    onState({ kind: "ended" });
  }
}
