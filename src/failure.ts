/**
 * What kind of failure this is, which decides the code that a caller sees (`rpc/errors.ts` holds the table).
 *
 * - `bad-request`: the request itself is wrong.
 * - `unauthenticated`: no token, or one that the cluster does not know.
 * - `denied`: the caller may not. The text is the same whether or not the thing exists.
 * - `not-found`: the run, metric, attempt, container or log is not there.
 * - `not-yet`: it is not there yet.
 * - `unavailable`: something behind us is down. Asking again may help.
 * - `refused`: something behind us refused our own credentials or address. An operator has to act.
 * - `silent`: something behind us did not answer in time.
 * - `too-much`: a limit of ours.
 * - `not-configured`: this server is not set up for it.
 * - `internal`: our own fault.
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
  | "too-much"
  | "not-configured"
  | "internal";

/** What came of asking one source for a log. */
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
    | "silent";
  /** The status that the store answered with, where it answered. */
  readonly httpStatus?: number;
  /** One sentence for a person, without any address. */
  readonly message: string;
  /** What it was that went wrong, where that is told apart. */
  readonly fault?: SourceFault;
}

/** What went wrong at a source; the contract's enum of this name says what each means. */
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
  | "never-started"
  | "log-damaged"
  | "node-limit"
  | "node-failed";

export interface FailureDetails {
  /** What the reader can do now: one sentence. */
  readonly next?: string;
  /** The field of the request that is at fault, as the contract names it. */
  readonly field?: string;
  /** What there is to select instead of a name that does not exist. */
  readonly available?: readonly string[];
  /** Every source that was asked for the log. */
  readonly tries?: readonly SourceTry[];
  readonly cause?: unknown;
}

/**
 * A failure that its reader is told about: the one error type that rooms throw on purpose.
 *
 * `reason` is stable, in UPPER_SNAKE_CASE, for programs. `message` is one sentence for a person. Neither holds an address, a header, a token or
 * a host of anything behind us: `cause` may, and goes to the server's own log alone.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly next: string | undefined;
  readonly field: string | undefined;
  readonly available: readonly string[] | undefined;
  readonly tries: readonly SourceTry[] | undefined;

  constructor(kind: FailureKind, reason: string, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Failure";
    this.kind = kind;
    this.reason = reason;
    this.next = details.next;
    this.field = details.field;
    this.available = details.available;
    this.tries = details.tries;
  }
}
