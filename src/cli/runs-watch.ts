import { type JsonObject, toJson } from "@bufbuild/protobuf";
import {
  type AnalysisRunSummary,
  AnalysisRunSummarySchema,
  AnalysisRunChangeKind as Kind,
  type WatchAnalysisRunsRequest,
  type WatchAnalysisRunsResponse,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { delayBefore } from "../client/backoff.ts";
import { breakError, mayPass } from "../client/broken.ts";
import type { TaffrailClient } from "../client/client.ts";
import { systemTimer, type Timer, wait } from "../client/timer.ts";
import type { CliIo } from "./io.ts";

/** What became of a run, as a line tells it. */
export type Told = "there" | "added" | "modified" | "deleted" | "left";

type Wish = Pick<WatchAnalysisRunsRequest, "namespace" | "stage" | "phases" | "freight" | "limit"> &
  Partial<Pick<WatchAnalysisRunsRequest, "since">>;

/** Tries in a row that bring nothing. */
const TRIES = 8;
const BACKOFF = { firstMs: 250, mostMs: 15_000, random: Math.random };
/** Servers send something every 15 s. */
const SILENCE_MS = 40_000;
const KINDS = new Map<Kind, Told>([
  [Kind.ADDED, "added"],
  [Kind.MODIFIED, "modified"],
  [Kind.DELETED, "deleted"],
  [Kind.LEFT, "left"],
]);

/**
 * Watches runs until the person interrupts, and tells each change once. A connection that breaks is made anew: what is as it was told is not told again.
 *
 * @param tell is given the first list as a whole, then one change or several.
 * @throws ConnectError where the server refuses, or cannot be reached in 8 tries.
 */
export async function watchRuns(
  client: TaffrailClient,
  wish: Wish,
  { signal, timer = systemTimer, say }: Pick<CliIo, "signal" | "timer" | "say">,
  tell: (changes: readonly (readonly [Told, AnalysisRunSummary])[], isFirst: boolean) => void,
): Promise<never> {
  let known: Map<string, AnalysisRunSummary> | undefined;
  let tries = 0;

  const take = ({ event }: WatchAnalysisRunsResponse): void => {
    if (event.case === "list") {
      tries = 0;
      const now = new Map(event.value.analysisRuns.map((run) => [run.uid, run]));
      const before = known;
      known = now;
      if (before === undefined)
        tell(
          [...now.values()].map((run) => ["there", run] as const),
          true,
        );
      else tell(between(before, now), false);
    } else if (event.case === "changes" && known !== undefined) {
      const changes = event.value.changes.flatMap(({ kind, analysisRun: run }) => {
        const told = KINDS.get(kind);
        return run === undefined || told === undefined ? [] : [[told, run] as const];
      });
      for (const [told, run] of changes) {
        if (told === "deleted" || told === "left") known.delete(run.uid);
        else known.set(run.uid, run);
      }
      tell(changes, false);
    }
  };

  for (;;) {
    try {
      await readOnce(client, wish, timer, signal, take);
    } catch (error) {
      signal.throwIfAborted();
      const broken = breakError(error);
      tries += 1;
      if (!mayPass(broken, known !== undefined) || tries > TRIES) throw broken;
      say(`note: ${broken.rawMessage} Asking again.`);
    }
    await wait(delayBefore(Math.max(1, tries), BACKOFF), timer, signal);
  }
}

/** Reads one stream to its end, which a silence is too. */
async function readOnce(
  client: TaffrailClient,
  wish: Wish,
  timer: Timer,
  signal: AbortSignal,
  take: (message: WatchAnalysisRunsResponse) => void,
): Promise<void> {
  const silent = new AbortController();
  const leave = (): void => silent.abort();
  let cancel = timer(SILENCE_MS, leave);
  try {
    for await (const message of client.watchAnalysisRuns(wish, { signal: AbortSignal.any([signal, silent.signal]) })) {
      cancel();
      cancel = timer(SILENCE_MS, leave);
      take(message);
    }
  } catch (error) {
    if (!silent.signal.aborted || signal.aborted) throw error;
  } finally {
    cancel();
  }
}

type Runs = ReadonlyMap<string, AnalysisRunSummary>;

/** What became of runs while nobody was told. Whether one was deleted or only left is not known then. */
function between(before: Runs, now: Runs): readonly (readonly [Told, AnalysisRunSummary])[] {
  const gone = [...before.values()].filter(({ uid }) => !now.has(uid)).map((run) => ["left", run] as const);
  const there = [...now.values()].reverse().flatMap((run): readonly (readonly [Told, AnalysisRunSummary])[] => {
    const was = before.get(run.uid);
    if (was === undefined) return [["added", run]];
    return textOf(was) === textOf(run) ? [] : [["modified", run]];
  });
  return [...gone, ...there];
}

function textOf(run: AnalysisRunSummary): string {
  return JSON.stringify(jsonOf(run));
}

/** A run as the API's JSON has it. */
export function jsonOf(run: AnalysisRunSummary): JsonObject {
  return toJson(AnalysisRunSummarySchema, run) as JsonObject;
}
