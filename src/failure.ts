import type { LimitName } from "./limits.ts";

/**
 * The kind of a failure, which decides the code that a caller sees (the table is in `rpc/errors.ts`).
 *
 * - `bad-request`: the request itself is invalid.
 * - `unauthenticated`: no token, or one that is not valid in the cluster.
 * - `denied`: the caller has no permission. The text is the same whether or not the thing exists.
 * - `not-found`: the run, metric, attempt, container or log does not exist.
 * - `not-yet`: it does not exist yet.
 * - `unavailable`: a backend is down. A retry may help.
 * - `refused`: a backend rejected our own credentials or URL. An operator must act.
 * - `silent`: a backend did not respond in time.
 * - `damaged`: what is stored is damaged. An operator must act.
 * - `too-much`: a limit of this server.
 * - `not-configured`: this server is not set up for it.
 * - `internal`: a bug.
 */
export type FailureKind =
  | "bad-request"
  | "unauthenticated"
  | "denied"
  | "not-found"
  | "not-yet"
  | "unavailable"
  | "refused"
  | "silent"
  | "damaged"
  | "too-much"
  | "not-configured"
  | "internal";

/** The outcome of asking one source for a log. */
export interface SourceTry {
  readonly source: string;
  readonly outcome:
    | "not-matched"
    | "variable-missing"
    | "value-refused"
    | "not-found"
    | "not-yet"
    | "refused"
    | "unavailable"
    | "silent"
    | "damaged";
  /** The status that the store returned, if it responded. */
  readonly httpStatus?: number;
  /** One sentence for a person, without any address. */
  readonly message: string;
  /** The specific fault, if it is known. */
  readonly fault?: SourceFault;
  /** How long after a Job's end a log may arrive there, in milliseconds. Absent for a live source. */
  readonly settleMs?: number;
}

/** What is known of the Job whose log no source has. Times are in milliseconds since 1970. */
export interface MissingLog {
  readonly jobName: string;
  /** When it ended, if it has. */
  readonly endedAt?: number;
  /** Until when its log may still come, if it may. */
  readonly retryAt?: number;
  /** Until when logs are kept, if that is configured. */
  readonly keptUntil?: number;
}

/** The fault of a source; see the contract's enum of this name. */
export type SourceFault =
  | "name-not-resolved"
  | "connection-refused"
  | "connection-closed"
  | "tls"
  | "address-not-allowed"
  | "not-http"
  | "redirect"
  | "no-pod"
  | "log-removed"
  | "pod-ended"
  | "never-started"
  | "log-damaged"
  | "web-page"
  | "error-document"
  | "node-limit"
  | "node-failed";

/** Whether a source returned a document in place of the log, which the caller may ask for. */
export function isDocument({ fault }: Pick<SourceTry, "fault">): boolean {
  return fault === "web-page" || fault === "error-document";
}

export interface FailureDetails {
  /** What the reader can do now, in one sentence. */
  readonly next?: string;
  /** The invalid field of the request, as the contract names it. */
  readonly field?: string;
  /** What can be selected instead of a name that does not exist. */
  readonly available?: readonly string[];
  /** Every source that was asked for the log. */
  readonly tries?: readonly SourceTry[];
  /** The Job, if no source has its log. */
  readonly missing?: MissingLog;
  /** The limit that was exceeded. */
  readonly limit?: LimitName;
  /** After how many seconds to try again. */
  readonly retrySeconds?: number;
  readonly cause?: unknown;
}

/**
 * A failure to report to the caller: the only error type that is thrown on purpose.
 *
 * `reason` is stable, in UPPER_SNAKE_CASE, for programs. `message` is one sentence for a person. Neither contains an
 * address, header, token or host of a backend: `cause` may, and goes only to the server's own log.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly next: string | undefined;
  readonly field: string | undefined;
  readonly available: readonly string[] | undefined;
  readonly tries: readonly SourceTry[] | undefined;
  readonly missing: MissingLog | undefined;
  readonly limit: LimitName | undefined;
  readonly retrySeconds: number | undefined;

  constructor(kind: FailureKind, reason: string, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Failure";
    this.kind = kind;
    this.reason = reason;
    this.next = details.next;
    this.field = details.field;
    this.available = details.available;
    this.tries = details.tries;
    this.missing = details.missing;
    this.limit = details.limit;
    this.retrySeconds = details.retrySeconds;
  }

  /** The same failure, with other details or another message. */
  with({ message = this.message, ...details }: FailureDetails & { readonly message?: string }): Failure {
    const { next, field, available, tries, missing, limit, retrySeconds, cause } = this;
    const known = Object.entries({ next, field, available, tries, missing, limit, retrySeconds, cause }).filter(
      ([, value]) => value,
    );
    return new Failure(this.kind, this.reason, message, { ...Object.fromEntries(known), ...details });
  }
}
