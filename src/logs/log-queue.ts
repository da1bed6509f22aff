import type { Pod } from "../runs/pod.ts";
import type { AttemptLog } from "./attempt-logs.ts";

/** How many logs of one stream are open at once. */
const MAX_OPEN = 50;
/** How many are read of one attempt: a cursor has a place for each. */
const MAX_LOGS = 1_000;

/** Logs that are not read now. */
export interface LogsLeftOut {
  /** Whether they are read when others have ended. */
  readonly queued: boolean;
  /** Whether the caller's other logs leave no room for them. */
  readonly isShare: boolean;
  /** Their pods if each is the log of one pod, else their containers. */
  readonly pods: readonly string[];
  readonly containers: readonly string[];
}

export interface LogQueueOptions {
  /** Counts so many logs as open towards the caller's limit. Returns whether that allows it. The first is counted. */
  readonly countLogs: (logs: number) => boolean;
}

/** The logs of an attempt that are to be read: each once, and only so many at once. */
export class LogQueue {
  readonly #countLogs: LogQueueOptions["countLogs"];
  readonly #logs = new Map<string, AttemptLog>();
  #waiting: AttemptLog[] = [];
  readonly #open = new Set<string>();
  /** Logs that are waiting and were named as such. */
  readonly #named = new Set<AttemptLog>();
  /** Whether the caller's limit was reached when a log was last to be opened. */
  #isShare = false;

  constructor({ countLogs }: LogQueueOptions) {
    this.#countLogs = countLogs;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** How many logs there are, whether or not they are read. */
  get size(): number {
    return this.#logs.size;
  }

  /** Starts over. */
  clear(): void {
    this.#logs.clear();
    this.#waiting = [];
    this.#named.clear();
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
   * Adds logs, as far as a cursor has room. Returns the others, if there are any.
   *
   * @param logs the most important first.
   * @param ended whether a log was read to its end before.
   * @param pods oldest first.
   */
  add(logs: readonly AttemptLog[], ended: (key: string) => boolean, pods: readonly Pod[]): LogsLeftOut | undefined {
    const room = Math.max(0, MAX_LOGS - this.#logs.size);
    for (const log of logs) this.#logs.set(log.key, log);
    const unread = logs.slice(0, room).filter(({ key }) => !ended(key));
    const free = Math.max(0, MAX_OPEN - this.#open.size - this.#waiting.length);
    // Of lines with the same time, those of the older pod come first.
    this.#waiting.push(...byAge(unread.slice(0, free), pods), ...unread.slice(free));
    return leftOut(logs.slice(room), { queued: false, isShare: false });
  }

  /** Returns the next log to open, or `undefined` while there is none or too many are open. */
  next(): AttemptLog | undefined {
    const [log] = this.#waiting;
    if (log === undefined || this.#open.size >= MAX_OPEN) return undefined;
    this.#isShare = !this.#countLogs(this.#open.size + 1);
    if (this.#isShare) return undefined;
    this.#waiting.shift();
    this.#named.delete(log);
    this.#open.add(log.key);
    return log;
  }

  /** Returns the logs that wait until others have ended, each once; `undefined` if there are no such logs. */
  nameWaiting(): LogsLeftOut | undefined {
    const waiting = this.#waiting.filter((log) => !this.#named.has(log));
    for (const log of waiting) this.#named.add(log);
    return leftOut(waiting, { queued: true, isShare: this.#isShare });
  }

  /** Gives up the logs that wait, and returns them; `undefined` if there are none. */
  dropWaiting(): LogsLeftOut | undefined {
    return leftOut(this.#waiting.splice(0), { queued: false, isShare: this.#isShare });
  }

  /** A log is no longer open. Returns whether it was. */
  release(key: string): boolean {
    if (!this.#open.delete(key)) return false;
    this.#countLogs(Math.max(1, this.#open.size));
    return true;
  }
}

function leftOut(logs: readonly AttemptLog[], why: Pick<LogsLeftOut, "queued" | "isShare">): LogsLeftOut | undefined {
  if (logs.length === 0) return undefined;
  const isOfPods = logs[0]?.pod !== undefined;
  const names = new Set(logs.map(({ pod, container }) => pod?.name ?? container.name));
  return { ...why, pods: isOfPods ? [...names] : [], containers: isOfPods ? [] : [...names] };
}

/** Sorts logs as their pods are; of those of one pod, the order stays. */
function byAge(logs: readonly AttemptLog[], pods: readonly Pod[]): readonly AttemptLog[] {
  const age = new Map(pods.map(({ name }, index) => [name, index]));
  const ageOf = ({ pod }: AttemptLog): number => age.get(pod?.name ?? "") ?? -1;
  return logs.toSorted((a, b) => ageOf(a) - ageOf(b));
}
