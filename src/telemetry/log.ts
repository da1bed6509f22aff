import { type DestinationStream, type Logger, pino } from "pino";

/**
 * Creates the server's own log, as lines of JSON. Errors under the key `err` are serialised by {@link describeError}.
 *
 * @param destination Default: standard output. Writes are asynchronous: whatever is logged during a write is written
 * together, at the latest when the process exits.
 */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ dest: 1, sync: false }),
): Logger {
  return pino({ level, serializers: { err: describeError } }, destination);
}

/** An error in the log: `message` and `stack` include its causes, `code` is the first one in the chain. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly errors?: readonly DescribedError[];
}

/** Endless chains of causes are cut off. */
const DEPTH = 8;

/**
 * Describes an error for the log by its messages, and not by its properties: errors of HTTP libraries hold requests and
 * headers.
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
