import { Code, type ConnectError } from "@connectrpc/connect";
import { describeError } from "../client/describe-error.ts";

/** The exit codes, by which scripts tell failures apart. */
export const EXIT = {
  ok: 0,
  other: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** A name that does not exist: project, run, metric, container, attempt, pod. */
  noSuchName: 3,
  /** Not signed in, or not allowed. */
  denied: 4,
  /** The log does not exist, or not yet. */
  noLog: 5,
  /** The source or the network failed, or the stored log is damaged: what was printed is incomplete. */
  incomplete: 6,
  /** The log was printed, and the verification failed or has no verdict: only with `--exit-status`. */
  verificationFailed: 10,
  interrupted: 130,
  brokenPipe: 141,
} as const;

/** A failure that ends the process. */
export class CliError extends Error {
  readonly exitCode: number;
  /** Further lines to print, such as what to do. */
  readonly lines: readonly string[];

  constructor(exitCode: number, message: string, lines: readonly string[] = []) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
    this.lines = lines;
  }
}

const NO_SUCH_NAME: ReadonlySet<string> = new Set([
  "RUN_NOT_FOUND",
  "METRIC_NOT_FOUND",
  "ATTEMPT_NOT_FOUND",
  "CONTAINER_NOT_FOUND",
  "POD_NOT_FOUND",
]);

/** The exit code for a failed call. */
export function exitCodeOf(error: ConnectError): number {
  const { code, reason } = describeError(error);
  switch (code) {
    case Code.InvalidArgument:
      return EXIT.usage;
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return EXIT.denied;
    case Code.NotFound:
    case Code.FailedPrecondition:
    case Code.Unimplemented:
      // Without a reason it does not come from a Taffrail server, but from whatever listens at the address.
      if (reason === "") return EXIT.incomplete;
      return NO_SUCH_NAME.has(reason) ? EXIT.noSuchName : EXIT.noLog;
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.ResourceExhausted:
    case Code.Aborted:
    case Code.Unknown:
      return EXIT.incomplete;
    case Code.Internal:
    case Code.DataLoss:
      // The kubeconfig's own credentials.
      if (reason === "KUBECONFIG_REFUSED") return EXIT.denied;
      return reason === "BACKEND_REFUSED" || reason === "KUBERNETES_UNTRUSTED" || reason === "SOURCE_DAMAGED"
        ? EXIT.incomplete
        : EXIT.other;
    default:
      return EXIT.other;
  }
}
