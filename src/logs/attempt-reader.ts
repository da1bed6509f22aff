import { Failure } from "../failure.ts";
import { hasEnded, type Run } from "../runs/run.ts";
import {
  type AttemptLog,
  byImportance,
  containerLog,
  containerLogs,
  type LogScope,
  podLogOf,
  podLogs,
  readsSeveral,
  scopesOf,
  servesScope,
  viewLog,
} from "./attempt-logs.ts";
import { AttemptLooks } from "./attempt-looks.ts";
import type { Changes, ChangesReader } from "./changes.ts";
import { ContainerReader } from "./container-reader.ts";
import type { ContainerEvent, LogPiece } from "./event.ts";
import { type LeftOut, leavingOut, type SideEvent, withFirst } from "./event-readers.ts";
import { LogQueue, type LogsLeftOut } from "./log-queue.ts";
import { type EventReader, LogMerge } from "./merge-logs.ts";
import type { LogPlan, LogServices } from "./plan.ts";
import type { LogCursor } from "./position.ts";
import { Turns } from "./turns.ts";
import { type AttemptView, type ContainerView, viewAttempt, viewContainer, watchedBy } from "./view.ts";
import { WaitLimit } from "./wait-limit.ts";

/** What is read of an attempt. */
export type AttemptEvent =
  /** An event of one of its logs. */
  | {
      readonly kind: "log";
      readonly log: AttemptLog;
      readonly event: ContainerEvent | LeftOut;
      /** Whether the next event follows at once. */
      readonly more: boolean;
    }
  /** There are more logs than are read at once. */
  | ({ readonly kind: "logs-left-out" } & LogsLeftOut)
  /** There is no pod yet. */
  | { readonly kind: "waiting"; readonly message: string }
  | { readonly kind: "run-deleted" };

export interface AttemptReaderOptions {
  readonly services: LogServices;
  readonly plan: LogPlan;
  /** The attempt as it is. */
  readonly view: AttemptView;
  /** Reads the run as it is now, as long as the caller may read it. */
  readonly readRun: (signal: AbortSignal) => Promise<Run>;
  readonly changes: Changes;
  /** Counts so many open logs towards the caller's limit. Returns whether that allows it. One is counted already. */
  readonly countLogs: (logs: number) => boolean;
  readonly signal: AbortSignal;
}

/** A log that is being read. `begun`: its source is known, or it does not exist. */
interface CurrentLog {
  readonly log: AttemptLog;
  readonly events: EventReader<SideEvent>;
  begun: boolean;
}

/** How long a quiet log delays the others, in milliseconds. */
const MAX_DELAY_MS = 250;

/**
 * Reads the log of one attempt: of one container, or of several containers and pods. Those whose sources have
 * timestamps are merged by time, the others are read one after another; what has no log is skipped. A follow takes in
 * what the Job creates later.
 */
export class AttemptReader {
  readonly #options: AttemptReaderOptions;
  readonly #several: boolean;
  /** Where each log is resumed. */
  readonly #state: LogCursor["containers"];
  readonly #looks: AttemptLooks;
  /** The scope that is read, and those to try if it has no log. */
  #scope: LogScope = "attempt";
  #scopes: readonly LogScope[] = [];
  readonly #queue: LogQueue;
  /** Logs of which only what is written from now on was asked for when others began. */
  readonly #later = new Set<string>();
  readonly #readers = new Map<string, ContainerReader>();
  readonly #turns = new Turns();
  readonly #podsWait: WaitLimit;
  /** Events that are ready; what was left out before a log of the scope was opened. */
  #events: AttemptEvent[] = [];
  #leftOut: AttemptEvent[] = [];
  #opened = false;
  /** Whether a log has reached the end of the time that was asked for. */
  #isLate = false;
  /** The log that is being read before any are merged. */
  #current: CurrentLog | undefined;
  #merge: LogMerge<SideEvent> | undefined;
  #merging = false;
  #changes: ChangesReader | undefined;
  #closed = false;

  /** @throws Failure POD_NOT_FOUND or CONTAINER_NOT_FOUND, which lists what there is. */
  constructor(options: AttemptReaderOptions) {
    this.#options = options;
    const { plan, services, view, readRun, changes, signal } = options;
    const { resumed, request, follow } = plan;
    this.#several = readsSeveral(request);
    this.#podsWait = new WaitLimit({ until: plan.waitUntil, maxMs: plan.maxWaitMs, clock: services.clock });
    this.#queue = new LogQueue(options);
    this.#state = resumed?.attempt === view.attempt.number ? resumed.containers : {};
    const attempt = { metric: view.metric.name, attempt: view.attempt.number, running: follow };
    this.#looks = new AttemptLooks({
      view,
      look: async () => viewAttempt(services, await readRun(signal), attempt, signal),
      watchedBy: (now) => watchedBy(now, services.sources),
      changes,
      onLook: () => this.#see(),
    });
    const keys = Object.keys(this.#state);
    if (this.#several) {
      this.#scopes = scopesOf(view, request, services.sources, {
        follows: follow || plan.waitUntil > plan.startedAt,
        resumed: keys,
      });
      this.#nextScope();
      return;
    }
    // The choice is not made again on resume: it might differ now.
    const [resumedContainer] = keys;
    const container = resumedContainer ?? request.selector.container;
    // One that the cluster had added to a pod that is gone.
    const known = resumedContainer === undefined ? undefined : { name: resumedContainer, init: false, added: true };
    const selected = viewContainer(view, { container, known, pod: request.selector.pod });
    const log = containerLog("attempt", selected.container);
    this.#queue.only(log);
    this.#current = { log, events: this.#read(log, selected), begun: true };
  }

  /**
   * Returns the next event, or `undefined` after the last. One call at a time.
   *
   * @throws what {@link ContainerReader} throws, except that one of several logs does not exist.
   */
  async next(): Promise<AttemptEvent | undefined> {
    for (;;) {
      const ready = this.#events.shift();
      if (ready !== undefined) return ready;
      const current = this.#current;
      if (current !== undefined) {
        const event = this.#eventOf(current, await current.events.next());
        if (event !== undefined) return event;
        continue;
      }
      if (this.#openNext()) continue;
      this.#merging = this.#merge !== undefined;
      const merged = await this.#merge?.next();
      if (merged !== undefined) {
        const log = this.#queue.get(merged.name);
        const event = log && this.#pass({ kind: "log", log, event: merged.event, more: merged.more });
        if (event !== undefined) return event;
      } else if (!(await this.#awaitPods()) && !this.#nextScope()) return undefined;
    }
  }

  /** Passes on a tick: see `ContainerReader.tick`. Returns notices, also those for which a quiet log leaves no time. */
  *tick(): Generator<AttemptEvent> {
    for (const [key, reader] of this.#readers) {
      const log = this.#queue.get(key);
      const event = reader.tick();
      if (event !== undefined && log !== undefined) yield { kind: "log", log, event, more: false };
    }
    const notices = this.#events.filter(({ kind }) => kind !== "log");
    this.#events = this.#events.filter(({ kind }) => kind === "log");
    yield* notices;
  }

  /** Stops reading one log, of which no more is needed. */
  drop({ key }: AttemptLog): void {
    // It has lines that are later than what was requested, and so has each log that begins from now on.
    if (this.#queue.isOpen(key)) this.#isLate = true;
    this.#readers.get(key)?.close();
    this.#merge?.drop(key);
    if (this.#current?.log.key === key) this.#current = undefined;
    this.#release(key);
  }

  close(): void {
    this.#closed = true;
    this.#merge?.close();
    for (const reader of this.#readers.values()) reader.close();
    this.#options.countLogs(1);
  }

  /** Begins the next scope. Returns whether there is one: a scope that has a log is the last. */
  #nextScope(): boolean {
    const [scope, ...rest] = this.#scopes;
    if (scope === undefined || this.#opened) {
      this.#events.push(...this.#leftOut.splice(0));
      return this.#events.length > 0;
    }
    this.#scope = scope;
    this.#scopes = rest;
    this.#leftOut = [];
    this.#queue.clear();
    this.#merge?.close();
    this.#merge = undefined;
    if (scope === "pod") this.#beginPods();
    else this.#add(containerLogs(scope, this.#view, this.#options.plan.request));
    return true;
  }

  #beginPods(): void {
    const { request, follow } = this.#options.plan;
    const resumed = Object.keys(this.#state).map((key) => podLogOf(key, this.#view));
    const keys = new Set(resumed.map(({ key }) => key));
    const found = podLogs(this.#view, request).filter(({ key }) => !keys.has(key));
    if (resumed.length + found.length === 0) {
      // This throws if no pod can have the container that is named.
      viewContainer(this.#view, { container: request.selector.container });
      if (!hasEnded(this.#view.attempt.phase)) {
        const message = `Waiting. The Job of attempt ${this.#view.attempt.number} has no pod yet.`;
        this.#events.push({ kind: "waiting", message });
      }
    }
    // What a follow had not opened yet begins behind its tail.
    if (follow && resumed.length > 0) for (const { key } of found) this.#later.add(key);
    this.#add([...resumed, ...byImportance(found, this.#view.pods)]);
  }

  /** The attempt as it was when it was last looked up. */
  get #view(): AttemptView {
    return this.#looks.view;
  }

  /** Takes in what the attempt has now. */
  #see(): void {
    if (!this.#several || !this.#options.plan.follow || this.#closed) return;
    this.#takeIn();
    this.#openNext();
  }

  #takeIn(): void {
    const { request, follow } = this.#options.plan;
    const logs =
      this.#scope === "pod"
        ? podLogs(this.#view, request)
        : this.#addedTo(containerLogs(this.#scope, this.#view, request));
    const found = logs.filter(({ key }) => this.#queue.get(key) === undefined);
    if (follow) for (const { key } of found) this.#later.add(key);
    this.#add(byImportance(found, this.#view.pods));
  }

  /** Only containers of pods can be added; which of them is the default was decided. */
  #addedTo(logs: readonly AttemptLog[]): readonly AttemptLog[] {
    return this.#options.plan.request.allContainers && this.#scope === "attempt" ? logs : [];
  }

  /** Adds logs of the scope. The most important come first. */
  #add(logs: readonly AttemptLog[]): void {
    this.#leaveOut(this.#queue.add(logs, (key) => this.#state[key] === "ended", this.#view.pods));
  }

  #leaveOut(logs: LogsLeftOut | undefined): void {
    if (logs !== undefined) this.#events.push({ kind: "logs-left-out", ...logs });
  }

  /** Opens what is to be opened. Returns whether a log is to be read before others. */
  #openNext(): boolean {
    const { plan, services, signal } = this.#options;
    if (!this.#several) return false;
    if (!plan.follow) {
      if (!this.#merging && this.#queue.isEmpty) this.#takeIn();
      const log = this.#queue.next();
      if (log !== undefined) this.#current = { log, events: this.#openLog(log), begun: false };
      // Those that are merged stay open: the others would come too late.
      else this.#leaveOut(this.#queue.dropWaiting());
      return log !== undefined || this.#events.length > 0;
    }
    if (this.#merge === undefined) {
      this.#merge = new LogMerge({ maxDelayMs: MAX_DELAY_MS, growing: true, sleep: services.sleep, signal });
      this.#watch(this.#merge);
    }
    // A follow reads them side by side. Those without timestamps take turns.
    for (let log = this.#queue.next(); log !== undefined; log = this.#queue.next()) {
      this.#merge.add(log.key, this.#openLog(log));
    }
    this.#leaveOut(this.#queue.nameWaiting());
    if (this.#queue.isEmpty && (this.#isLate || hasEnded(this.#view.attempt.phase))) this.#merge.complete();
    return false;
  }

  #openLog(log: AttemptLog): EventReader<SideEvent> {
    return leavingOut(this.#read(log, viewLog(this.#view, log, this.#options.plan.request.selector.pod)), log.scope);
  }

  /** A log has ended. */
  #release(key: string): void {
    this.#readers.delete(key);
    if (this.#queue.release(key) && this.#options.plan.follow) this.#openNext();
  }

  /** Returns an event of the current log, or `undefined` if another log is next. */
  #eventOf(current: CurrentLog, event: SideEvent | LogPiece | undefined): AttemptEvent | undefined {
    if (this.#current !== current) return undefined;
    const { log } = current;
    if (event === undefined) {
      this.#current = undefined;
      return undefined;
    }
    if (!current.begun && event.kind === "opened" && event.timed) {
      const { services, signal } = this.#options;
      this.#merge ??= new LogMerge({ maxDelayMs: undefined, sleep: services.sleep, signal });
      this.#merge.add(log.key, withFirst(event, current.events));
      this.#current = undefined;
      return undefined;
    }
    if (event.kind !== "notice") current.begun = true;
    return this.#pass({ kind: "log", log, event, more: false });
  }

  /** Passes an event on, unless it waits for a log to be opened. */
  #pass(told: Extract<AttemptEvent, { kind: "log" }>): AttemptEvent | undefined {
    const { log, event } = told;
    if (event.kind === "text" || !this.#several) return told;
    if (event.kind === "end" || event.kind === "left-out") this.#release(log.key);
    if (event.kind === "left-out" && !this.#opened && log.scope !== "attempt") {
      this.#leftOut.push(told);
      return undefined;
    }
    if (event.kind !== "opened") return told;
    this.#opened = true;
    this.#scopes = [];
    const { pods } = this.#view;
    this.#events.push(...this.#leftOut.splice(0), { ...told, event: { ...event, view: { ...event.view, pods } } });
    return this.#events.shift();
  }

  /** Waits for the first pod, if that was asked for. Returns whether there may be one now. */
  async #awaitPods(): Promise<boolean> {
    const { plan } = this.#options;
    const isDue = this.#scope === "pod" && !plan.follow && this.#queue.size === 0;
    if (!isDue || hasEnded(this.#view.attempt.phase)) return false;
    const ms = this.#podsWait.left();
    if (ms <= 0) return false;
    await this.#nextChange(ms);
    await this.#looks.now();
    this.#takeIn();
    return true;
  }

  /** Looks at the attempt again at each change until it has ended. */
  #watch(merge: LogMerge<SideEvent>): void {
    const watch = async (): Promise<void> => {
      while (!this.#closed && !hasEnded(this.#view.attempt.phase)) {
        await this.#nextChange(Number.POSITIVE_INFINITY);
        if (this.#closed) return;
        await this.#looks.now();
      }
    };
    watch().catch((error: unknown) => {
      const reason = error instanceof Failure ? error.reason : "";
      if (reason === "RUN_NOT_FOUND" && this.#opened) this.#events.push({ kind: "run-deleted" });
      // Argo Rollouts drops old measurements, which have ended.
      if (this.#opened && /^(RUN|ATTEMPT)_NOT_FOUND$/.test(reason)) merge.complete();
      else merge.fail(error);
    });
  }

  #nextChange(ms: number): Promise<void> {
    this.#changes ??= this.#looks.reader();
    return this.#changes.next(ms);
  }

  #read(log: AttemptLog, view: ContainerView): ContainerReader {
    const { services, plan, signal } = this.#options;
    const { request, begin, follow } = plan;
    const { pod } = request.selector;
    const state = this.#state[log.key];
    // Another scope is tried at once.
    const waits = log.scope !== "job" || this.#scopes.length === 0;
    const known = { ...log, container: view.container };
    const reader = new ContainerReader({
      view,
      refresh: async () => viewLog(await this.#looks.now(), known, pod),
      sources: services.sources.filter((each) => servesScope(each, log.scope)),
      changes: this.#looks.reader(),
      podNamed: pod !== undefined,
      endsWithPod: log.scope === "pod",
      begin: this.#later.has(log.key) ? { ...begin, tail: undefined } : begin,
      until: plan.request.until,
      position: typeof state === "object" ? state.position : undefined,
      follow,
      waitUntil: waits ? plan.waitUntil : 0,
      maxWaitMs: plan.maxWaitMs,
      pollMs: services.config.follow.poll,
      showDocument: request.showDocument === true,
      limits: plan.decompression,
      searchBytes: services.config.limits.scanBytes,
      retentionDays: services.config.retentionDays,
      clock: services.clock,
      sleep: services.sleep,
      turns: this.#several && follow ? this.#turns : undefined,
      signal,
    });
    this.#readers.set(log.key, reader);
    return reader;
  }
}
