import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  ListAnalysisRunsRequest,
  ListAnalysisRunsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { listRuns } from "../runs/list-runs.ts";
import { callerOf } from "./caller-context.ts";
import { summaryMessage } from "./messages.ts";
import { runFilter } from "./run-filter-message.ts";
import type { Services } from "./services.ts";

const PAGE_SIZE = 50;

/** Lists the runs of a project, newest first. */
export async function listAnalysisRuns(
  services: Services,
  request: ListAnalysisRunsRequest,
  { signal, values }: HandlerContext,
): Promise<MessageInitShape<typeof ListAnalysisRunsResponseSchema>> {
  const { namespace, pageSize, pageToken } = request;
  const page = await listRuns(
    services,
    callerOf(values),
    {
      namespace,
      ...runFilter(request),
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
