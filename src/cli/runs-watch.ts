import { type JsonObject, toJson } from "@bufbuild/protobuf";
import {
  type AnalysisRunSummary,
  AnalysisRunSummarySchema,
  type WatchAnalysisRunsRequest,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { RunChange } from "../client/apply-changes.ts";
import type { TaffrailClient } from "../client/client.ts";
import type { CliIo } from "./io.ts";

/** How a run has changed; `there` is a run of the first list. */
export type ChangeKind = "there" | RunChange["kind"];

type WatchFilter = Pick<WatchAnalysisRunsRequest, "namespace" | "stage" | "phases" | "freight" | "limit"> &
  Partial<Pick<WatchAnalysisRunsRequest, "since">>;

/**
 * Watches runs until the user interrupts, and reports each change once.
 *
 * @param report called with the whole first list, then with one change or several.
 * @throws ConnectError if the server refuses, or cannot be reached in 8 tries.
 */
export async function watchRuns(
  client: TaffrailClient,
  filter: WatchFilter,
  { signal, timer, say }: Pick<CliIo, "signal" | "timer" | "say">,
  report: (changes: readonly (readonly [ChangeKind, AnalysisRunSummary])[], isFirst: boolean) => void,
): Promise<void> {
  const watched = client.watchRuns(filter, {
    signal,
    ...(timer && { resume: { timer } }),
    onState: (state) => {
      if (state.kind === "waiting" && state.for === "server") say(`note: ${state.error.rawMessage} Retrying.`);
    },
  });
  for await (const { runs, changes } of watched) {
    if (changes === undefined)
      report(
        runs.map((run) => ["there", run] as const),
        true,
      );
    else
      report(
        changes.map(({ kind, run }) => [kind, run] as const),
        false,
      );
  }
}

/** A run as JSON of the API. */
export function jsonOf(run: AnalysisRunSummary): JsonObject {
  return toJson(AnalysisRunSummarySchema, run) as JsonObject;
}
