import type { SourceFault, SourceTry } from "../failure.ts";
import { MissingValue, RefusedValue } from "../template/errors.ts";

export interface SourceErrorDetails {
  /** The status that the store answered with, where it answered. */
  readonly httpStatus?: number;
  /** What it was that went wrong. Default: not told apart. */
  readonly fault?: SourceFault;
  /** Whether it is the caller whom Kubernetes denied it, rather than this server. Default: no. */
  readonly denied?: boolean;
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
  readonly denied: boolean;

  constructor(source: string, outcome: SourceError["outcome"], did: string, details: SourceErrorDetails = {}) {
    super(`Source "${source}" ${did}.`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SourceError";
    this.source = source;
    this.outcome = outcome;
    this.did = did;
    this.httpStatus = details.httpStatus;
    this.fault = details.fault;
    this.denied = details.denied ?? false;
  }
}

/**
 * Renders the templates of a source for one target.
 *
 * @throws SourceError, saying that the source was not asked, where the run has no value for a template, or one that may
 * not stand in its place.
 */
export function rendered<T>(source: string, render: () => T): T {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof MissingValue || error instanceof RefusedValue)) throw error;
    const outcome = error instanceof MissingValue ? "variable-missing" : "value-refused";
    const why = error.message.charAt(0).toLowerCase() + error.message.slice(1).replace(/\.$/, "");
    throw new SourceError(source, outcome, `was not asked: ${why}`, { cause: error });
  }
}
