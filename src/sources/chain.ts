import { Failure, type FailureKind, isDocument, type SourceTry } from "../failure.ts";
import type { LogSource } from "./source.ts";
import type { SourceError } from "./source-error.ts";

interface Verdict {
  readonly outcome: SourceTry["outcome"];
  readonly kind: FailureKind;
  readonly reason: string;
  readonly next: string;
}

/**
 * The failure by the first of these outcomes that any source had: a source that is down may have the log that another
 * lacks.
 */
const VERDICTS: readonly Verdict[] = [
  {
    outcome: "unavailable",
    kind: "unavailable",
    reason: "SOURCE_UNAVAILABLE",
    next: "Try again in a moment. If it stays so, tell an operator that a log store is down.",
  },
  {
    outcome: "silent",
    kind: "silent",
    reason: "SOURCE_SILENT",
    next: "Try again in a moment. If it stays so, tell an operator that a log store does not answer in time.",
  },
  {
    outcome: "refused",
    kind: "refused",
    reason: "BACKEND_REFUSED",
    next: "Tell an operator: a log store does not accept how this server asks for logs.",
  },
  {
    outcome: "damaged",
    kind: "damaged",
    reason: "SOURCE_DAMAGED",
    next: "Tell an operator: what is stored of this log cannot be unpacked, so trying again does not help.",
  },
  {
    outcome: "not-yet",
    kind: "not-yet",
    reason: "LOG_NOT_YET",
    next: "Try again when the container has started.",
  },
];

const NOT_FOUND: Omit<Verdict, "outcome"> = {
  kind: "not-found",
  reason: "LOG_NOT_FOUND",
  next: "The log may not have been stored yet, or no longer. An operator can tell where the logs of this project are kept, and for how long.",
};

/** Some source may have the log, and the caller may not read it there. */
const DENIED: Omit<Verdict, "outcome"> = {
  kind: "denied",
  reason: "ACCESS_DENIED",
  next: "Ask whoever runs the cluster for this right.",
};

const DOCUMENT_NEXT =
  "A document came in place of the log. Tell an operator, or read the document with document=show (--show-document).";

/** The outcomes of asking one source after another. */
export class SourceChain {
  readonly #tries: SourceTry[] = [];
  readonly #told: string[] = [];
  readonly #causes: SourceError[] = [];
  #denied = false;

  /** Records a source that is not configured for this run. */
  skip({ name }: LogSource): void {
    const did = "is not configured for this run";
    this.#tries.push({ source: name, outcome: "not-matched", message: `Source "${name}" ${did}.` });
    this.#told.push(`source "${name}" ${did}`);
  }

  /**
   * Records a source that did not return the log.
   *
   * @param settleMs how long after a Job's end a log may arrive there. Absent for a live source.
   */
  add(error: SourceError, settleMs?: number): void {
    const { source, outcome, httpStatus, message, fault } = error;
    this.#tries.push({
      source,
      outcome,
      ...(httpStatus !== undefined && { httpStatus }),
      message,
      ...(fault !== undefined && { fault }),
      ...(settleMs !== undefined && outcome === "not-found" && { settleMs }),
    });
    this.#told.push(`source "${source}" ${error.did}`);
    if (error.cause !== undefined) this.#causes.push(error);
    if (error.denied) this.#denied = true;
  }

  /** The failure of a log that no source has, with the outcome of each in `tries`. */
  failure(): Failure {
    const tries = this.#tries;
    if (tries.length === 0) {
      return new Failure("not-configured", "NOT_CONFIGURED", "This server has no log sources.", {
        next: "An operator has to configure where logs are kept.",
        tries,
      });
    }
    const verdict = VERDICTS.find(({ outcome }) => tries.some((each) => each.outcome === outcome)) ?? NOT_FOUND;
    const { kind, reason, next } = verdict.kind === "refused" && this.#denied ? DENIED : verdict;
    const details = {
      next: kind === "not-found" && tries.some(isDocument) ? DOCUMENT_NEXT : next,
      tries,
      ...causeOf(this.#causes),
    };
    return new Failure(kind, reason, `No log: ${this.#told.join("; ")}.`, details);
  }
}

/** For the server's own log: why each source failed. */
function causeOf(errors: readonly SourceError[]): { readonly cause?: unknown } {
  if (errors.length <= 1) return errors[0] === undefined ? {} : { cause: errors[0] };
  return { cause: new AggregateError(errors, "More than one source failed.") };
}
