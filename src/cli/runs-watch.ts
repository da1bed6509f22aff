import { type JsonObject, toJson } from "@bufbuild/protobuf";
import {
  type AnalysisRunSummary,
  AnalysisRunSummarySchema,
  type WatchAnalysisRunsRequest,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { RunChange } from "../client/apply-changes.ts";
import type { TaffrailClient } from "../client/client.ts";
import type { CliIo } from "./io.ts";

/** What became of a run, as a line tells it. */
export type Told = "there" | RunChange["kind"];

type Wish = Pick<WatchAnalysisRunsRequest, "namespace" | "stage" | "phases" | "freight" | "limit"> &
  Partial<Pick<WatchAnalysisRunsRequest, "since">>;

/**
 * Watches runs until the person interrupts, and tells each change once.
 *
 * @param tell is given the first list as a whole, then one change or several.
 * @throws ConnectError where the server refuses, or cannot be reached in 8 tries.
 */
export async function watchRuns(
  client: TaffrailClient,
  wish: Wish,
  { signal, timer, say }: Pick<CliIo, "signal" | "timer" | "say">,
  tell: (changes: readonly (readonly [Told, AnalysisRunSummary])[], isFirst: boolean) => void,
): Promise<void> {
  const watched = client.watchRuns(wish, {
    signal,
    ...(timer && { resume: { timer } }),
    onState: (state) => {
      if (state.kind === "waiting" && state.for === "server") say(`note: ${state.error.rawMessage} Asking again.`);
    },
  });
  for await (const { runs, changes } of watched) {
    if (changes === undefined)
      tell(
        runs.map((run) => ["there", run] as const),
        true,
      );
    else
      tell(
        changes.map(({ kind, run }) => [kind, run] as const),
        false,
      );
  }
}

/** A run as the API's JSON has it. */
export function jsonOf(run: AnalysisRunSummary): JsonObject {
  return toJson(AnalysisRunSummarySchema, run) as JsonObject;
}
