export * from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
export type { RunChange } from "./apply-changes.ts";
export {
  createTaffrailClient,
  type LogCallOptions,
  type StreamCallOptions,
  type TaffrailClient,
  type TaffrailClientOptions,
} from "./client.ts";
export { describeError, type ErrorDescription } from "./describe-error.ts";
export type { ConsecutiveLines, LogChunk, LogEvent } from "./log-event.ts";
export type { LogState } from "./log-state.ts";
export type { Resuming } from "./resuming-log.ts";
export type { WatchedRuns, WatchState } from "./resuming-runs.ts";
export type { Timer } from "./sleep.ts";
