import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  ListAnalysisRunsRequest,
  ListAnalysisRunsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { listRuns } from "../runs/list-runs.ts";
import type { Phase } from "../runs/run.ts";
import { callerOf } from "./caller-context.ts";
import { PHASES, summaryMessage } from "./messages.ts";
import type { Services } from "./services.ts";

const PAGE_SIZE = 50;

/** Lists the runs of a project, newest first. */
export async function listAnalysisRuns(
  services: Services,
  { namespace, stage, phases, pageSize, pageToken }: ListAnalysisRunsRequest,
  { signal, values }: HandlerContext,
): Promise<MessageInitShape<typeof ListAnalysisRunsResponseSchema>> {
  const names = Object.keys(PHASES) as Phase[];
  const page = await listRuns(
    services,
    callerOf(values),
    {
      namespace,
      stage: stage || undefined,
      phases: names.filter((name) => phases.includes(PHASES[name])),
      pageSize: pageSize || PAGE_SIZE,
      pageToken: pageToken || undefined,
    },
    signal,
  );
  return {
    analysisRuns: page.runs.map(summaryMessage),
    nextPageToken: page.nextPageToken ?? "",
    incomplete: page.incomplete,
  };
}
