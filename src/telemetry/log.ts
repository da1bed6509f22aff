import { type DestinationStream, type Logger, pino } from "pino";

/**
 * Makes the server's own log, as lines of JSON. Errors are written by {@link describeError} wherever they stand as `err`.
 *
 * @param destination Default: the standard output. Nobody waits for it: what comes while it is being written goes out together, at the end of the process at the latest.
 */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ dest: 1, sync: false }),
): Logger {
  return pino({ level, serializers: { err: describeError } }, destination);
}

/** What the log shows of an error: `message` and `stack` tell its causes too, `code` is the first that one of them has. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly errors?: readonly DescribedError[];
}

/** Whoever wraps errors without end is not followed. */
const DEPTH = 8;

/**
 * Describes an error for the log by what it says, and by nothing that it holds: errors of HTTP libraries carry what came over the wire, requests and headers.
 */
export function describeError(thrown: unknown, depth: number = DEPTH): DescribedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: "A value that is not an Error was thrown." };
  const causes = chainOf(thrown);
  const code = causes.map((each) => (each as NodeJS.ErrnoException).code).find((each) => typeof each === "string");
  const errors = causes.flatMap((each) => (each instanceof AggregateError ? (each.errors as unknown[]) : []));
  return {
    type: thrown.name,
    message: causes.map(({ message }) => message).join(": "),
    ...(code !== undefined && { code }),
    stack: causes.map(({ stack, message }) => stack ?? message).join("\ncaused by: "),
    ...(errors.length > 0 && depth > 0 && { errors: errors.map((each) => describeError(each, depth - 1)) }),
  };
}

/** The error and its causes, each once. */
function chainOf(error: Error): readonly Error[] {
  const chain = new Set<Error>();
  for (let each: unknown = error; each instanceof Error && chain.size < DEPTH && !chain.has(each); each = each.cause) {
    chain.add(each);
  }
  return [...chain];
}
