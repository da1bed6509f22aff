import type { MessageInitShape } from "@bufbuild/protobuf";
import type { End, GetAnalysisRunLogsRequestSchema, Origin } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../../client/client.ts";
import type { LogState } from "../../client/log-state.ts";
import type { NamedLines } from "./lines-hash.ts";

/** What a log has turned out to be so far. */
export interface LogSummary {
  readonly state: LogState;
  readonly origin: Origin | undefined;
  readonly lines: number;
  readonly bytes: number;
  readonly errors: number;
  readonly firstError: { readonly line: number; readonly text: string } | undefined;
  readonly end: End | undefined;
  /** What the stream failed with. */
  readonly error: unknown;
}

/** What a log is shown by. */
export interface LogProps {
  readonly client: Pick<TaffrailClient, "getAnalysisRunLogs">;
  readonly request: MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>;
  readonly lines: NamedLines | undefined;
  readonly onLines: (lines: NamedLines | undefined) => void;
  readonly onSummary: (summary: LogSummary) => void;
}
