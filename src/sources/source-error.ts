import type { SourceFault, SourceTry } from "../failure.ts";

export interface SourceErrorDetails {
  /** The status that the store answered with, where it answered. */
  readonly httpStatus?: number;
  /** What it was that went wrong. Default: not told apart. */
  readonly fault?: SourceFault;
  /** What went wrong underneath. For the server's own log: it may hold addresses. */
  readonly cause?: unknown;
}

/**
 * Thrown when a source has no log to give: by `open`, and by the body of a log that ends before its time. The message
 * is one sentence for a person and holds no address, host or header.
 */
export class SourceError extends Error {
  /** The name of the source. */
  readonly source: string;
  readonly outcome: Exclude<SourceTry["outcome"], "not-matched">;
  /** What the source did, as the rest of a sentence that begins with its name: `answered 404`. */
  readonly did: string;
  readonly httpStatus: number | undefined;
  readonly fault: SourceFault | undefined;

  constructor(source: string, outcome: SourceError["outcome"], did: string, details: SourceErrorDetails = {}) {
    super(`Source "${source}" ${did}.`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SourceError";
    this.source = source;
    this.outcome = outcome;
    this.did = did;
    this.httpStatus = details.httpStatus;
    this.fault = details.fault;
  }
}
