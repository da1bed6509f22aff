import { type DestinationStream, type Logger, pino } from "pino";

/** Lines are written together, at most so many bytes and so many milliseconds late. */
const BATCH_BYTES = 8 * 1024;
const BATCH_MS = 20;

/**
 * Creates the server's own log, as lines of JSON. Errors under the key `err` are serialised by {@link describeError}.
 *
 * @param destination Default: standard output. Writes are asynchronous and batched: a line is written within 20 ms, and
 * at the latest when the process exits.
 */
export function createLog(level: string, destination: DestinationStream = standardOutput()): Logger {
  return pino({ level, serializers: { err: describeError } }, destination);
}

function standardOutput(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: false, minLength: BATCH_BYTES });
  let isScheduled = false;
  const flush = (): void => {
    isScheduled = false;
    stream.flush();
  };
  return {
    write(line) {
      stream.write(line);
      if (isScheduled) return;
      isScheduled = true;
      setTimeout(flush, BATCH_MS).unref();
    },
  };
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
