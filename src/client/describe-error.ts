import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { ChoicesSchema, type SourceAttempt, SourceChainSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** A failed call, described. */
export interface ErrorDescription {
  readonly code: Code;
  /** Stable, for programs; empty if the error does not come from a Taffrail server. */
  readonly reason: string;
  /** One sentence. */
  readonly message: string;
  /** What to do next; empty if the server does not say. */
  readonly next: string;
  /** What to tell an operator; empty if there is none. */
  readonly reference: string;
  /** The names that exist, if the request named one that does not. */
  readonly available: readonly string[];
  /** Every source that was asked for the log, in order. */
  readonly sources: readonly SourceAttempt[];
  /** Until when a log that no source has may still arrive, in milliseconds since 1970. `undefined`: it cannot. */
  readonly retryAt: number | undefined;
}

/** Describes an error that a call threw, by its typed details. */
export function describeError(error: unknown): ErrorDescription {
  const typed = ConnectError.from(error);
  const info = typed.findDetails(ErrorInfoSchema)[0];
  const chain = typed.findDetails(SourceChainSchema)[0];
  return {
    code: typed.code,
    reason: info?.reason ?? "",
    message: typed.rawMessage,
    next: info?.metadata.next ?? "",
    reference: info?.metadata.reference ?? "",
    available: typed.findDetails(ChoicesSchema)[0]?.available ?? [],
    sources: chain?.attempts ?? [],
    retryAt: chain?.retryTime && timestampMs(chain.retryTime),
  };
}
