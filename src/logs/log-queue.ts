import type { Pod } from "../runs/pod.ts";
import type { AttemptLog, LogScope } from "./attempt-logs.ts";

/** How many logs of pods are open at once. */
const MAX_OPEN = 50;
/** How many are read of one attempt: a cursor has a place for each. */
const MAX_LOGS = 1_000;

/** Pods of which a log is not read now. */
export interface PodsLeftOut {
  /** Whether they are read when others have ended. */
  readonly queued: boolean;
  readonly pods: readonly string[];
}

/** The logs of an attempt that are to be read: each once, and of pods only so many. */
export class LogQueue {
  readonly #follow: boolean;
  #scope: LogScope = "attempt";
  readonly #logs = new Map<string, AttemptLog>();
  #waiting: AttemptLog[] = [];
  readonly #open = new Set<string>();

  /** @param follow whether logs that find no room are read when others have ended. */
  constructor(follow: boolean) {
    this.#follow = follow;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** How many logs there are, whether or not they are read. */
  get size(): number {
    return this.#logs.size;
  }

  /** Starts over with the logs of a scope. */
  begin(scope: LogScope): void {
    this.#scope = scope;
    this.#logs.clear();
    this.#waiting = [];
  }

  get(key: string): AttemptLog | undefined {
    return this.#logs.get(key);
  }

  /** Whether a log is being read. */
  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** Sets the only log. */
  only(log: AttemptLog): void {
    this.#logs.set(log.key, log);
  }

  /**
   * Adds logs, as far as there is room. Returns the pods of the others.
   *
   * @param logs the most important first.
   * @param ended whether a log was read to its end before.
   * @param pods oldest first.
   */
  add(logs: readonly AttemptLog[], ended: (key: string) => boolean, pods: readonly Pod[]): readonly PodsLeftOut[] {
    const isLimited = this.#scope === "pod";
    const room = isLimited ? Math.max(0, (this.#follow ? MAX_LOGS : MAX_OPEN) - this.#logs.size) : logs.length;
    for (const log of logs) this.#logs.set(log.key, log);
    const unread = logs.slice(0, room).filter(({ key }) => !ended(key));
    const free = isLimited ? Math.max(0, MAX_OPEN - this.#open.size - this.#waiting.length) : unread.length;
    // Of lines with the same time, those of the older pod come first.
    this.#waiting.push(...byAge(unread.slice(0, free), pods), ...unread.slice(free));
    return [
      { queued: true, pods: podsOf(unread.slice(free)) },
      { queued: false, pods: podsOf(logs.slice(room)) },
    ].filter((each) => each.pods.length > 0);
  }

  /** Returns the next log to open, or `undefined` while there is none or too many are open. */
  next(): AttemptLog | undefined {
    if (this.#scope === "pod" && this.#open.size >= MAX_OPEN) return undefined;
    const log = this.#waiting.shift();
    if (log !== undefined) this.#open.add(log.key);
    return log;
  }

  /** A log is no longer open. Returns whether it was. */
  release(key: string): boolean {
    return this.#open.delete(key);
  }
}

function podsOf(logs: readonly AttemptLog[]): readonly string[] {
  return [...new Set(logs.map(({ pod }) => pod?.name ?? ""))];
}

/** Sorts logs as their pods are; of those of one pod, the order stays. */
function byAge(logs: readonly AttemptLog[], pods: readonly Pod[]): readonly AttemptLog[] {
  const age = new Map(pods.map(({ name }, index) => [name, index]));
  const ageOf = ({ pod }: AttemptLog): number => age.get(pod?.name ?? "") ?? -1;
  return logs.toSorted((a, b) => ageOf(a) - ageOf(b));
}
