export * from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
export { createTaffrailClient, type LogEvent, type TaffrailClient, type TaffrailClientOptions } from "./client.ts";
export { describeError, type ErrorDescription } from "./describe-error.ts";
