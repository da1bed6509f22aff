import { Code, ConnectError } from "@connectrpc/connect";
import type { AnalysisRunSummary, WatchAnalysisRunsResponse } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { applyChanges, changesBetween, changesOf, type RunChange } from "./apply-changes.ts";
import { delayBefore } from "./backoff.ts";
import { breakError, FIRST_TRIES, mayPass } from "./broken.ts";
import type { LogState } from "./log-state.ts";
import { nextInTime } from "./next-in-time.ts";
import type { Resuming, SignIns } from "./resuming-log.ts";
import { wait } from "./timer.ts";

/** Runs that are watched. */
export interface WatchedRuns {
  /** As they are now, newest first. */
  readonly runs: readonly AnalysisRunSummary[];
  /** Whether there are older ones beyond the limit. */
  readonly more: boolean;
  /** What has changed since they were given last. Absent the first time. */
  readonly changes?: readonly RunChange[];
}

/** What a watch does now: as a log's stream does, but that it waits for no log. */
export type WatchState = Exclude<LogState, { readonly for: "log" }>;

const BROKEN = "The connection broke off.";
const SILENT = "The connection has gone silent.";

/**
 * Watches runs over as many calls as it takes: a watch cannot be gone on with, so each call begins with a list, of which only what differs from what was given is told.
 *
 * A call that brought its list was worth making, so that tries are counted anew; but one that brought no more than that is followed by the next one only after a delay that grows.
 *
 * @throws ConnectError where asking again does not help, or has not helped often enough. There is no other end.
 */
export async function* resumingRuns(
  call: (signal: AbortSignal) => AsyncIterable<WatchAnalysisRunsResponse>,
  options: Resuming & SignIns,
  signal: AbortSignal,
  onState: (state: WatchState) => void,
): AsyncGenerator<WatchedRuns, never, undefined> {
  const { tries: mostTries, renewsToken, signedOut } = options;
  let known: WatchedRuns | undefined;
  let tries = 0;
  let pace = 0;
  let renewed = false;

  const take = ({ event }: WatchAnalysisRunsResponse): WatchedRuns | undefined => {
    if (event.case === "list") {
      const { analysisRuns: runs, more } = event.value;
      const changes = known && changesBetween(known.runs, runs);
      const isNews = changes === undefined || changes.length > 0 || more !== known?.more;
      known = { runs, more };
      return isNews ? { runs, more, ...(changes && { changes }) } : undefined;
    }
    if (event.case !== "changes" || known === undefined) return undefined;
    const changes = changesOf(event.value.changes);
    known = { runs: applyChanges(known.runs, changes), more: event.value.more };
    return { ...known, changes };
  };

  async function* part(): AsyncGenerator<WatchedRuns, ConnectError, undefined> {
    // Transports read on until the call is aborted: leaving the loop alone would not end it.
    const leaving = new AbortController();
    const reading = call(AbortSignal.any([leaving.signal, signal]))[Symbol.asyncIterator]();
    let hasList = false;
    try {
      for (;;) {
        let message: WatchAnalysisRunsResponse | undefined;
        try {
          message = await nextInTime(reading, options, SILENT, leaving);
        } catch (error) {
          return breakError(error, BROKEN);
        }
        if (message === undefined) return new ConnectError(BROKEN, Code.Unavailable);
        if (hasList) pace = 0;
        if (message.event.case === "list") {
          hasList = true;
          tries = 0;
          renewed = false;
          onState({ kind: "streaming" });
        }
        const news = take(message);
        if (news !== undefined) yield news;
      }
    } finally {
      leaving.abort();
      Promise.resolve(reading.return?.()).catch(() => {});
    }
  }

  const cancelled = (reason: unknown): never => {
    throw ConnectError.from(reason, Code.Canceled);
  };
  try {
    onState({ kind: "connecting" });
    for (;;) {
      const error = yield* part();
      const most = known === undefined ? Math.min(mostTries, FIRST_TRIES) : mostTries;
      const isSignedOut = error.code === Code.Unauthenticated;
      if (isSignedOut && signedOut !== undefined && !signal.aborted) {
        onState({ kind: "waiting", for: "sign-in" });
        await signedOut(signal).catch(cancelled);
        onState({ kind: "resuming", tries: 1, of: most });
        continue;
      }
      const renews: boolean = isSignedOut && known !== undefined && renewsToken && !renewed;
      if (signal.aborted || tries >= most || !(renews || mayPass(error, known !== undefined))) throw error;
      tries += 1;
      pace += 1;
      renewed ||= renews;
      const delayMs = delayBefore(pace, options);
      onState({ kind: "waiting", for: "server", tries, of: most, delayMs, error });
      await wait(delayMs, options.timer, signal).catch(cancelled);
      onState({ kind: "resuming", tries, of: most });
    }
  } finally {
    onState({ kind: "ended" });
  }
}
