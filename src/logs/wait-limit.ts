import { type Clock, steadyClock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import { limitExceeded } from "../limits.ts";

export interface WaitLimitOptions {
  /** Until when the caller waits for a log that does not exist yet, in milliseconds since 1970. */
  readonly until: number;
  /** How long this server lets one wait last, in milliseconds. */
  readonly maxMs: number;
  readonly clock: Clock;
}

/** Limits each wait for what does not exist yet: by what the caller asked for, and by what this server allows. */
export class WaitLimit {
  readonly #options: WaitLimitOptions;
  readonly #steady: Clock;
  #since: number | undefined;

  constructor(options: WaitLimitOptions) {
    this.#options = options;
    this.#steady = steadyClock(options.clock);
  }

  /** Returns the rest of the wait in milliseconds; zero or less if it is over. Begins a wait if none is under way. */
  left(): number {
    const { until, maxMs, clock } = this.#options;
    const now = this.#steady.now();
    this.#since ??= now;
    return Math.min(until - clock.now(), maxMs - (now - this.#since));
  }

  /** Ends a wait: the next one may last as long again. */
  end(): void {
    this.#since = undefined;
  }

  /** The limit, as a sentence, if it has ended the wait before the caller did. */
  get reached(): string | undefined {
    const { until, maxMs, clock } = this.#options;
    if (this.#since === undefined || this.#steady.now() - this.#since < maxMs || until <= clock.now()) return undefined;
    return `This server waits for a log for at most ${durationText(maxMs)} (limits.wait).`;
  }

  /** Adds the limit to a failure, if it has ended the wait. */
  explain(failure: Failure): Failure {
    const { reached } = this;
    if (reached === undefined) return failure;
    return failure.with({ message: `${failure.message} ${reached}`, next: NEXT, limit: "limits.wait" });
  }

  /** The failure of a stream in the middle of which the limit has ended a wait. */
  failure(message: string): Failure {
    return limitExceeded("limits.wait", `${message} ${this.reached ?? ""}`.trimEnd(), { next: NEXT });
  }
}

/** Whether a failure says that a wait has reached the limit: nobody waits for the same again. */
export function endsWait({ limit }: Pick<Failure, "limit">): boolean {
  return limit === "limits.wait";
}

const NEXT = "Follow the log again. An operator can raise the limit.";

function durationText(ms: number): string {
  const units = [
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ] as const;
  const [unit, size] = units.find(([, each]) => ms % each === 0) ?? ["ms", 1];
  return `${ms / size} ${unit}`;
}
