import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { quoted } from "../quoted.ts";
import { hasEnded, type Metric, type Run } from "../runs/run.ts";
import { type Selector, selectAttempt, selectMetric } from "../runs/selection.ts";
import { type EndReasonName, hasNoLog, worstOf } from "./end-reason.ts";
import type { LogPlan } from "./plan.ts";

/** What is read next: an attempt, with a notice before it where there are several. */
export type Choice =
  | {
      readonly kind: "attempt";
      readonly selector: Pick<Selector, "metric" | "attempt" | "running">;
      readonly notice: string | undefined;
    }
  | NoAttempt;

/** What comes in an attempt's place. */
export type NoAttempt =
  /** Nothing yet: the run is looked at again when it has changed, and no later than after so many milliseconds. */
  | { readonly kind: "wait"; readonly message: string; readonly ms: number }
  /** An attempt has no log: the next one follows. */
  | { readonly kind: "left-out"; readonly message: string }
  | { readonly kind: "end"; readonly reason: EndReasonName };

/** Which attempts of a run are read. */
export interface Attempts {
  /**
   * Chooses from the run as it is now.
   *
   * @param begun whether something was read.
   * @throws Failure where there is nothing to choose.
   */
  choose(run: Run, begun: boolean): Choice;
  /** An attempt was read to its end. Returns why the stream ends; `undefined`: another attempt may follow. */
  onEnd(reason: EndReasonName): EndReasonName | undefined;
  /** An attempt cannot be read. Returns what to do; `undefined`: the stream fails with it. */
  onFailure(error: unknown): NoAttempt | undefined;
  /** The run was deleted. Returns why the stream ends; `undefined`: it fails. */
  onDeleted(): EndReasonName | undefined;
}

/** Makes the choice that a plan asks for. */
export function createAttempts(plan: LogPlan, clock: Clock): Attempts {
  return plan.attempt === "all" ? new AllAttempts(plan, clock) : new OneAttempt(plan, plan.attempt, clock);
}

class OneAttempt implements Attempts {
  readonly #plan: LogPlan;
  readonly #attempt: Selector["attempt"];
  readonly #clock: Clock;

  constructor(plan: LogPlan, attempt: Selector["attempt"], clock: Clock) {
    this.#plan = plan;
    this.#attempt = attempt;
    this.#clock = clock;
  }

  choose(): Choice {
    const { metric, follow: running } = this.#plan;
    return { kind: "attempt", selector: { metric, attempt: this.#attempt, running }, notice: undefined };
  }

  onEnd(reason: EndReasonName): EndReasonName {
    return reason;
  }

  onFailure(error: unknown): NoAttempt | undefined {
    const ms = this.#plan.waitUntil - this.#clock.now();
    if (!(error instanceof Failure) || error.kind !== "not-yet" || ms <= 0) return undefined;
    return { kind: "wait", message: `Waiting. ${error.message}`, ms };
  }

  onDeleted(): undefined {
    return undefined;
  }
}

/** After these, there may be more to read in the next attempt. */
const MORE_FOLLOWS: ReadonlySet<EndReasonName> = new Set(["complete", "source-ended", "caught-up"]);

/**
 * All attempts of a metric, one after another, each with a notice before it. An attempt that has no log is left out. Who follows gets
 * each attempt as it begins, until the metric has ended.
 */
class AllAttempts implements Attempts {
  readonly #plan: LogPlan;
  readonly #clock: Clock;
  readonly #reasons: EndReasonName[] = [];
  readonly #failures: Failure[] = [];
  #metric: string | undefined;
  /** The number of the attempt that was chosen last, and of the next one. */
  #current = 0;
  #next: number;

  constructor(plan: LogPlan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
    this.#metric = plan.metric;
    this.#next = plan.resumed?.attempt ?? 1;
  }

  choose(run: Run, begun: boolean): Choice {
    const { resumed, follow, waitUntil } = this.#plan;
    const metric = selectMetric(run, this.#metric);
    this.#metric = metric.name;
    const number = metric.attempts.map((each) => each.number).find((each) => each >= this.#next);
    if (number !== undefined) {
      const notice = resumed?.attempt === number ? undefined : beginsMessage(metric, this.#next, number);
      this.#current = number;
      this.#next = number + 1;
      return { kind: "attempt", selector: { metric: metric.name, attempt: number, running: follow }, notice };
    }
    const ms = begun ? Number.POSITIVE_INFINITY : waitUntil - this.#clock.now();
    const mayCome = !hasEnded(run.phase) && !hasEnded(metric.phase);
    if (mayCome && (begun ? follow : ms > 0)) return { kind: "wait", message: waitingMessage(run, metric), ms };
    if (begun) return { kind: "end", reason: worstOf(this.#reasons) };
    const [failure] = this.#failures;
    if (failure !== undefined) throw failure;
    // It says why there is no attempt to read.
    selectAttempt(run, { metric: metric.name, attempt: resumed?.attempt });
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
    // There was one, but it is lost.
    if (error.reason === "LOG_NOT_FOUND") this.#reasons.push("source-ended");
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
