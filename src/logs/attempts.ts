import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { quoted } from "../quoted.ts";
import { hasEnded, type Metric, type Run } from "../runs/run.ts";
import { type Selector, selectAttempt, selectMetric } from "../runs/selection.ts";
import { type EndReasonName, hasNoLog, worstOf } from "./end-reason.ts";
import type { LogPlan } from "./plan.ts";
import { endsWait, WaitLimit } from "./wait-limit.ts";

/** What is read next: an attempt, with a notice before it if there are several. */
export type Choice =
  | {
      readonly kind: "attempt";
      readonly selector: Pick<Selector, "metric" | "attempt" | "running">;
      readonly notice: string | undefined;
    }
  | NoAttempt;

/** What happens in place of reading an attempt. */
export type NoAttempt =
  /** There is none yet: look at the run again when it has changed, after `ms` milliseconds at the latest. */
  | { readonly kind: "wait"; readonly message: string; readonly ms: number }
  /** An attempt has no log: try the next one. */
  | { readonly kind: "left-out"; readonly message: string }
  | { readonly kind: "end"; readonly reason: EndReasonName };

/** Decides which attempts of a run are read. */
export interface Attempts {
  /**
   * Chooses an attempt from the run as it is now.
   *
   * @param begun whether something was read.
   * @throws Failure if there is nothing to choose.
   */
  choose(run: Run, begun: boolean): Choice;
  /** An attempt was read to its end. Returns why the stream ends, or `undefined` if another attempt may follow. */
  onEnd(reason: EndReasonName): EndReasonName | undefined;
  /**
   * An attempt cannot be read. Returns what to do, or `undefined` if the stream fails with the error.
   *
   * @throws Failure that names the limit if it was awaited for as long as this server allows.
   */
  onFailure(error: unknown): NoAttempt | undefined;
  /** The run was deleted. Returns why the stream ends, or `undefined` if it fails. */
  onDeleted(): EndReasonName | undefined;
}

/** Creates what a plan asks for: one attempt, or all. */
export function createAttempts(plan: LogPlan, clock: Clock): Attempts {
  return plan.attempt === "all" ? new AllAttempts(plan, clock) : new OneAttempt(plan, plan.attempt, clock);
}

class OneAttempt implements Attempts {
  readonly #plan: LogPlan;
  readonly #attempt: Selector["attempt"];
  readonly #wait: WaitLimit;

  constructor(plan: LogPlan, attempt: Selector["attempt"], clock: Clock) {
    this.#plan = plan;
    this.#attempt = attempt;
    this.#wait = new WaitLimit({ until: plan.waitUntil, maxMs: plan.maxWaitMs, clock });
  }

  choose(): Choice {
    const { metric, follow: running } = this.#plan;
    return { kind: "attempt", selector: { metric, attempt: this.#attempt, running }, notice: undefined };
  }

  onEnd(reason: EndReasonName): EndReasonName {
    return reason;
  }

  onFailure(error: unknown): NoAttempt | undefined {
    if (!(error instanceof Failure) || error.kind !== "not-yet" || endsWait(error)) return undefined;
    const ms = this.#wait.left();
    if (ms <= 0) throw this.#wait.explain(error);
    return { kind: "wait", message: `Waiting. ${error.message}`, ms };
  }

  onDeleted(): undefined {
    return undefined;
  }
}

/** After these ends, the next attempt may have more. */
const MORE_FOLLOWS: ReadonlySet<EndReasonName> = new Set(["complete", "source-ended", "caught-up", "source-damaged"]);

/**
 * All attempts of a metric, one after another, each with a notice before it. An attempt without a log is skipped. A
 * follow reads each attempt when it begins, until the metric has ended.
 */
class AllAttempts implements Attempts {
  readonly #plan: LogPlan;
  /** The waits for the first attempt, and for each of the others. */
  readonly #firstWait: WaitLimit;
  readonly #nextWait: WaitLimit;
  readonly #reasons: EndReasonName[] = [];
  readonly #failures: Failure[] = [];
  #metric: string | undefined;
  /** The number of the chosen attempt, and the lowest one that may be next. */
  #current = 0;
  #next: number;

  constructor(plan: LogPlan, clock: Clock) {
    this.#plan = plan;
    const { waitUntil: until, maxWaitMs: maxMs } = plan;
    this.#firstWait = new WaitLimit({ until, maxMs, clock });
    this.#nextWait = new WaitLimit({ until: Number.POSITIVE_INFINITY, maxMs, clock });
    this.#metric = plan.metric;
    this.#next = plan.resumed?.attempt ?? 1;
  }

  choose(run: Run, begun: boolean): Choice {
    const { resumed, follow } = this.#plan;
    const metric = selectMetric(run, this.#metric);
    this.#metric = metric.name;
    const number = metric.attempts.map((each) => each.number).find((each) => each >= this.#next);
    if (number !== undefined) {
      const notice = resumed?.attempt === number ? undefined : beginsMessage(metric, this.#next, number);
      this.#current = number;
      this.#nextWait.end();
      this.#next = number + 1;
      return { kind: "attempt", selector: { metric: metric.name, attempt: number, running: follow }, notice };
    }
    const mayCome = !hasEnded(run.phase) && !hasEnded(metric.phase);
    if (mayCome && (follow || !begun)) {
      const wait = begun ? this.#nextWait : this.#firstWait;
      const ms = wait.left();
      const message = waitingMessage(run, metric);
      if (ms > 0) return { kind: "wait", message, ms };
      if (begun) throw wait.failure(message);
    }
    if (begun) return { kind: "end", reason: worstOf(this.#reasons) };
    const [failure] = this.#failures;
    if (failure !== undefined) throw this.#firstWait.explain(failure);
    // This throws why there is no attempt to read.
    try {
      selectAttempt(run, { metric: metric.name, attempt: resumed?.attempt });
    } catch (error) {
      throw error instanceof Failure ? this.#firstWait.explain(error) : error;
    }
    throw new Error("A metric that was measured has no attempt to read.");
  }

  onEnd(reason: EndReasonName): EndReasonName | undefined {
    if (!MORE_FOLLOWS.has(reason)) return reason;
    this.#reasons.push(reason);
    return undefined;
  }

  onFailure(error: unknown): NoAttempt | undefined {
    if (!hasNoLog(error) || this.#current === 0) return undefined;
    this.#failures.push(error);
    // There was a log, but it is lost.
    if (error.reason === "LOG_NOT_FOUND") this.#reasons.push("source-ended");
    if (error.kind === "damaged") this.#reasons.push("source-damaged");
    return { kind: "left-out", message: `Attempt ${this.#current}: ${error.message}` };
  }

  onDeleted(): EndReasonName | undefined {
    return this.#reasons.length === 0 ? undefined : worstOf([...this.#reasons, "source-ended"]);
  }
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

function beginsMessage({ name }: Metric, expected: number, number: number): string {
  const gone = number - expected;
  const which = gone === 1 ? `Attempt ${expected} is` : `Attempts ${expected} to ${number - 1} are`;
  const missing = gone === 0 ? "" : ` ${which} no longer recorded: a run keeps only its newest attempts.`;
  return `Attempt ${number} of the metric ${quoted(name)}.${missing}`;
}
