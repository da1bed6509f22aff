import { Failure, type FailureKind, type SourceTry } from "../failure.ts";
import type { LogSource, LogTarget, OpenedLog } from "./source.ts";
import { SourceError } from "./source-error.ts";

export interface FirstLog<T = OpenedLog> {
  readonly source: LogSource;
  readonly log: T;
  /** The sources that were asked, or passed over, before this one. */
  readonly tries: readonly SourceTry[];
}

export interface OpenFirstOptions<T> {
  readonly signal: AbortSignal;
  /** Opens the log at a source. It throws a SourceError where there is none to be had from there. */
  readonly open: (source: LogSource) => Promise<T>;
}

interface Verdict {
  readonly outcome: SourceTry["outcome"];
  readonly kind: FailureKind;
  readonly reason: string;
  readonly next: string;
}

/** What no log means, by the first of these outcomes that any source had: one that is down may have the log that another has not. */
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

/**
 * Opens the log at the first source that has it. Sources are asked one after another, in their given order.
 *
 * @throws Failure when no source has it: how each of them answered is in its `tries`.
 * @throws the reason of `signal` when it is aborted.
 */
export async function openFirst<T>(
  sources: readonly LogSource[],
  facts: LogTarget["facts"],
  { signal, open }: OpenFirstOptions<T>,
): Promise<FirstLog<T>> {
  if (sources.length === 0) {
    throw new Failure("not-configured", "NOT_CONFIGURED", "This server has no log sources.", {
      next: "An operator has to configure where logs are kept.",
      tries: [],
    });
  }
  const tries: SourceTry[] = [];
  const told: string[] = [];
  const causes: SourceError[] = [];
  for (const source of sources) {
    signal.throwIfAborted();
    if (!source.matches(facts)) {
      const did = "is not configured for this run";
      tries.push({ source: source.name, outcome: "not-matched", message: `Source "${source.name}" ${did}.` });
      told.push(`source "${source.name}" ${did}`);
      continue;
    }
    try {
      return { source, log: await open(source), tries };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceError)) throw error;
      const { outcome, httpStatus, message, fault } = error;
      tries.push({
        source: source.name,
        outcome,
        ...(httpStatus !== undefined && { httpStatus }),
        message,
        ...(fault !== undefined && { fault }),
      });
      told.push(`source "${source.name}" ${error.did}`);
      if (error.cause !== undefined) causes.push(error);
    }
  }
  const { kind, reason, next } =
    VERDICTS.find(({ outcome }) => tries.some((each) => each.outcome === outcome)) ?? NOT_FOUND;
  throw new Failure(kind, reason, `No log: ${told.join("; ")}.`, { next, tries, ...causeOf(causes) });
}

/** For the server's own log: why each source failed. */
function causeOf(errors: readonly SourceError[]): { readonly cause?: unknown } {
  if (errors.length <= 1) return errors[0] === undefined ? {} : { cause: errors[0] };
  return { cause: new AggregateError(errors, "More than one source failed.") };
}

/**
 * The order in which sources are asked.
 *
 * @param preferLive whether to ask where the job runs before where logs are kept: while it runs, yes; afterwards a node may have rotated the beginning away.
 */
export function inOrder(sources: readonly LogSource[], preferLive: boolean): readonly LogSource[] {
  return [
    ...sources.filter(({ capabilities }) => capabilities.live === preferLive),
    ...sources.filter(({ capabilities }) => capabilities.live !== preferLive),
  ];
}
