import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ListAnalysisRunsRequest } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Phase } from "../runs/run.ts";
import type { RunFilter } from "../runs/run-filter.ts";
import { PHASES } from "./messages.ts";
import { resultOf } from "./verdict-message.ts";

type FilterFields = Pick<ListAnalysisRunsRequest, "stage" | "phases" | "verdicts" | "freight" | "since" | "until">;

/** Converts the filters of a request for runs. */
export function runFilter({ stage, phases, verdicts, freight, since, until }: FilterFields): RunFilter {
  const names = Object.keys(PHASES) as Phase[];
  return {
    stage: stage || undefined,
    phases: names.filter((name) => phases.includes(PHASES[name])),
    results: verdicts.map(resultOf),
    freight: freight || undefined,
    since: since && ms(since),
    until: until && ms(until),
  };
}

/** Rounded up to whole milliseconds: runs are created at whole seconds. */
function ms(time: Timestamp): number {
  return timestampMs({ ...time, nanos: 0 }) + Math.ceil(time.nanos / 1_000_000);
}
