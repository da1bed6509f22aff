import { type Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { ChoicesSchema, type SourceAttempt, SourceChainSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** What a failed call says. */
export interface ErrorDescription {
  readonly code: Code;
  /** Stable, for programs; empty where the error is not one of a Taffrail server's. */
  readonly reason: string;
  /** One sentence. */
  readonly message: string;
  /** What to do now; empty where the server does not say. */
  readonly next: string;
  /** What to tell an operator; empty where there is none. */
  readonly reference: string;
  /** What there is to select instead of a name that does not exist. */
  readonly available: readonly string[];
  /** Every source that was asked for the log. */
  readonly sources: readonly SourceAttempt[];
}

/** Reads the typed details of whatever a call threw. */
export function describeError(error: unknown): ErrorDescription {
  const typed = ConnectError.from(error);
  const info = typed.findDetails(ErrorInfoSchema)[0];
  return {
    code: typed.code,
    reason: info?.reason ?? "",
    message: typed.rawMessage,
    next: info?.metadata.next ?? "",
    reference: info?.metadata.reference ?? "",
    available: typed.findDetails(ChoicesSchema)[0]?.available ?? [],
    sources: typed.findDetails(SourceChainSchema)[0]?.attempts ?? [],
  };
}
