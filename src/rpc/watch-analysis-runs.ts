import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AnalysisRunChangeKind,
  type WatchAnalysisRunsRequest,
  type WatchAnalysisRunsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type RunFrame, runFrames } from "../runs/run-frames.ts";
import type { RunChangeKind } from "../runs/run-window.ts";
import { callerOf } from "./caller-context.ts";
import { withHeartbeats } from "./heartbeats.ts";
import { END_REASONS, summaryMessage } from "./messages.ts";
import { runFilter } from "./run-filter-message.ts";
import type { Services } from "./services.ts";

const LIMIT = 50;

const KINDS: Readonly<Record<RunChangeKind, AnalysisRunChangeKind>> = {
  added: AnalysisRunChangeKind.ADDED,
  modified: AnalysisRunChangeKind.MODIFIED,
  deleted: AnalysisRunChangeKind.DELETED,
  left: AnalysisRunChangeKind.LEFT,
};

/** Sends the runs of a project, then their changes. */
export async function* watchAnalysisRuns(
  services: Services,
  request: WatchAnalysisRunsRequest,
  { signal, values }: HandlerContext,
): AsyncGenerator<MessageInitShape<typeof WatchAnalysisRunsResponseSchema>, void, undefined> {
  const { namespace, name, limit } = request;
  const watch = { namespace, name: name || undefined, limit: limit || LIMIT, ...runFilter(request) };
  const frames = runFrames(services, callerOf(values), watch, signal);
  for await (const frame of withHeartbeats<RunFrame>(frames, { kind: "heartbeat" }, services.sleep)) {
    yield messageOf(frame);
    if (frame.kind === "end") throw frame.error;
  }
}

function messageOf(frame: RunFrame): MessageInitShape<typeof WatchAnalysisRunsResponseSchema> {
  switch (frame.kind) {
    case "heartbeat":
      return {};
    case "list":
      return {
        event: { case: "list", value: { analysisRuns: frame.runs.map(summaryMessage), more: frame.more } },
      };
    case "changes": {
      const changes = frame.changes.map(({ kind, run }) => ({ kind: KINDS[kind], analysisRun: summaryMessage(run) }));
      return { event: { case: "changes", value: { changes, more: frame.more } } };
    }
    case "end":
      return { event: { case: "end", value: { reason: END_REASONS[frame.reason] } } };
  }
}
