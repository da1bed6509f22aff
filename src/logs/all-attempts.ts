import { Failure } from "../failure.ts";
import { quoted } from "../quoted.ts";
import { hasEnded, type Metric, type Run } from "../runs/run.ts";
import { selectAttempt, selectMetric } from "../runs/selection.ts";
import { attemptFrames } from "./attempt-frames.ts";
import type { EndReasonName, LogFrame } from "./frame.ts";
import { hasNoLog } from "./has-no-log.ts";
import type { LogStream } from "./log-stream.ts";
import { worstOf } from "./worst-of.ts";

/** After these, there may be more to read in the next attempt. */
const GOES_ON: ReadonlySet<EndReasonName> = new Set(["complete", "source-ended", "caught-up"]);

/**
 * Streams the logs of all attempts of a metric, one after another, each with a notice before it. An attempt that has no log is left out. Who follows gets each attempt as it
 * begins, until the metric has ended.
 *
 * @returns why it ended: what is true of all of them together.
 * @throws Failure where no attempt has a log.
 */
export async function* allAttempts(stream: LogStream): AsyncGenerator<LogFrame, EndReasonName, undefined> {
  const { request, resumed } = stream;
  const changes = stream.changes.reader();
  const reasons: EndReasonName[] = [];
  const failures: Failure[] = [];
  let name = resumed?.metric ?? request.wish.metric;
  let next = resumed?.attempt ?? 1;
  let said = "";
  for (;;) {
    const run = await stream.readRun().catch((error: unknown) => {
      if (reasons.length > 0 && error instanceof Failure && error.reason === "RUN_NOT_FOUND") return undefined;
      throw error;
    });
    if (run === undefined) {
      yield stream.notice(
        "run-deleted",
        "The run was deleted: nothing tells any more whether there is another attempt.",
      );
      return worstOf([...reasons, "source-ended"]);
    }
    const metric = selectMetric(run, name);
    name = metric.name;
    const number = metric.attempts.map((each) => each.number).find((each) => each >= next);
    if (number === undefined) {
      const message = waitingMessage(run, metric);
      const left = stream.begun ? Number.POSITIVE_INFINITY : stream.waitUntil - stream.services.clock.now();
      const mayCome = !hasEnded(run.phase) && !hasEnded(metric.phase);
      const isWaiting = stream.begun ? request.follow === true : left > 0;
      if (!mayCome || !isWaiting) break;
      if (message !== said) yield stream.notice("waiting", message);
      said = message;
      await changes.next({ run, pods: undefined }, left);
      continue;
    }
    if (resumed?.attempt !== number) yield stream.notice("attempt-begins", headOf(metric, next, number));
    next = number + 1;
    try {
      const reason = yield* attemptFrames(stream, { metric: name, attempt: number });
      if (!GOES_ON.has(reason)) return reason;
      reasons.push(reason);
    } catch (failure) {
      if (!hasNoLog(failure)) throw failure;
      failures.push(failure);
      // There was one, but it is lost.
      if (failure.reason === "LOG_NOT_FOUND") reasons.push("source-ended");
      yield stream.notice("attempt-left-out", `Attempt ${number}: ${failure.message}`);
    }
  }
  if (stream.begun) return worstOf(reasons);
  const [failure] = failures;
  throw failure ?? (await noAttempt(stream, name));
}

/** Why there is no attempt to read. */
async function noAttempt(stream: LogStream, metric: string | undefined): Promise<unknown> {
  try {
    selectAttempt(await stream.readRun(), { metric, attempt: stream.resumed?.attempt });
  } catch (failure) {
    return failure;
  }
  throw new Error("A metric that was measured has no attempt to read.");
}

function waitingMessage(run: Run, metric: Metric): string {
  try {
    selectAttempt(run, { metric: metric.name });
  } catch (failure) {
    if (failure instanceof Failure) return `Waiting. ${failure.message}`;
    throw failure;
  }
  return `Waiting. The metric ${quoted(metric.name)} may be measured again.`;
}

function headOf({ name }: Metric, expected: number, number: number): string {
  const missed = number - expected;
  const gone =
    missed === 0 ? "" : missed === 1 ? ` Attempt ${expected} is` : ` Attempts ${expected} to ${number - 1} are`;
  return `Attempt ${number} of the metric ${quoted(name)}.${gone && `${gone} no longer known: a run remembers its newest ones.`}`;
}
