import type { Failure } from "../failure.ts";
import { containersIn } from "../runs/containers-in.ts";
import type { Run } from "../runs/run.ts";
import type { ChangesReader } from "./changes.ts";
import { ContainerReader } from "./container-reader.ts";
import { hasNoLog } from "./end-reason.ts";
import type { LogEvent, LogPiece } from "./event.ts";
import { type LogEvents, LogMerge } from "./merge-logs.ts";
import type { LogPlan, LogServices } from "./plan.ts";
import { type AttemptView, type ContainerView, viewAttempt, viewContainer } from "./view.ts";

/** One of several containers has no log. */
export interface LeftOut {
  readonly kind: "left-out";
  readonly failure: Failure;
}

/** What reading an attempt tells: of which container, and what. */
export interface AttemptEvent {
  readonly container: string;
  readonly event: LogEvent | LeftOut;
}

export interface AttemptReaderOptions {
  readonly services: LogServices;
  readonly plan: LogPlan;
  /** The attempt as it is. */
  readonly view: AttemptView;
  /** Reads the run as it is now, for as long as the caller may. */
  readonly readRun: (signal: AbortSignal) => Promise<Run>;
  readonly changes: () => ChangesReader;
  readonly signal: AbortSignal;
}

/** The log of a container, with whether its source is known, or it has no log. */
interface CurrentContainer {
  readonly name: string;
  readonly events: LogEvents<ContainerEvent>;
  begun: boolean;
}

/** What is passed on beside the log's text. */
type ContainerEvent = Exclude<LogEvent, LogPiece> | LeftOut;

/** For how long the logs that have something to say wait for one that is quiet, in milliseconds. */
const PATIENCE_MS = 250;

/**
 * Reads the log of one attempt: of one container, or of all of them. Those are merged by time where their sources tell times, else
 * read one after another; one that has no log is left out.
 */
export class AttemptReader {
  readonly #options: AttemptReaderOptions;
  /** Containers that are still to be opened, of all containers. */
  readonly #waiting: string[] = [];
  readonly #readers = new Map<string, ContainerReader>();
  /** The one that is read now. */
  #current: CurrentContainer | undefined;
  readonly #timed: { readonly name: string; readonly events: LogEvents<ContainerEvent> }[] = [];
  #merge: LogMerge<ContainerEvent> | undefined;

  /** @throws Failure POD_NOT_FOUND or CONTAINER_NOT_FOUND, telling what there is. */
  constructor(options: AttemptReaderOptions) {
    this.#options = options;
    const { plan, view } = options;
    const { resumed, request } = plan;
    const state = resumed?.attempt === view.attempt.number ? resumed.containers : {};
    if (request.allContainers) {
      const all = containersIn(view.metric, view.pods);
      this.#waiting = all.map(({ name }) => name).filter((name) => state[name] !== "ended");
      return;
    }
    // What was chosen before is not chosen again: it might be another one now.
    const [resumedContainer] = Object.keys(state);
    const container = resumedContainer ?? request.wish.container;
    // One that the cluster had added to a pod that is gone.
    const known = resumedContainer === undefined ? undefined : { name: resumedContainer, init: false, added: true };
    const selected = viewContainer(view, { container, known, pod: request.wish.pod });
    const { name } = selected.container;
    this.#current = { name, events: this.#open(selected), begun: true };
  }

  /**
   * The next thing there is to tell; `undefined` where all has been read. For one caller at a time.
   *
   * @throws what {@link ContainerReader} throws; of one of several containers, not that it has no log.
   */
  async next(): Promise<AttemptEvent | undefined> {
    for (;;) {
      if (this.#current !== undefined) {
        const told = await this.#nextOf(this.#current);
        if (told !== undefined) return told;
      } else if (this.#waiting.length > 0) this.#openNext();
      else return this.#nextMerged();
    }
  }

  /** Passes a tick on: see `ContainerReader.tick`. */
  *tick(): Generator<AttemptEvent> {
    for (const [container, reader] of this.#readers) {
      const event = reader.tick();
      if (event !== undefined) yield { container, event };
    }
  }

  /** Ends one container: nothing more of it is wanted. */
  drop(name: string): void {
    this.#readers.get(name)?.close();
    this.#merge?.drop(name);
    if (this.#current?.name === name) this.#current = undefined;
  }

  close(): void {
    this.#merge?.close();
    for (const reader of this.#readers.values()) reader.close();
  }

  /** The next event of the container that is read now; `undefined` where another one is next. */
  async #nextOf(current: CurrentContainer): Promise<AttemptEvent | undefined> {
    const event = await current.events.next();
    if (this.#current !== current) return undefined;
    if (event === undefined) {
      this.#current = undefined;
      return undefined;
    }
    if (!current.begun && event.kind === "opened" && event.timed) {
      this.#timed.push({ name: current.name, events: withFirst(event, current.events) });
      this.#current = undefined;
      return undefined;
    }
    if (event.kind !== "notice") current.begun = true;
    return { container: current.name, event };
  }

  #openNext(): void {
    const name = this.#waiting.shift();
    if (name === undefined) return;
    const { view, plan } = this.#options;
    const events = leavingOut(this.#open(viewContainer(view, { container: name, pod: plan.request.wish.pod })));
    // Whoever follows gets them side by side, whatever their sources tell.
    if (plan.follow) this.#timed.push({ name, events });
    else this.#current = { name, events, begun: false };
  }

  async #nextMerged(): Promise<AttemptEvent | undefined> {
    if (this.#timed.length === 0) return undefined;
    const { plan, services, signal } = this.#options;
    const patienceMs = plan.follow ? PATIENCE_MS : undefined;
    this.#merge ??= new LogMerge(this.#timed, { patienceMs, wait: services.wait, signal });
    const merged = await this.#merge.next();
    return merged && { container: merged.name, event: merged.event };
  }

  #open(view: ContainerView): ContainerReader {
    const { services, plan, readRun, changes, signal } = this.#options;
    const { resumed, request } = plan;
    const { name } = view.container;
    const state = resumed?.attempt === view.attempt.number ? resumed.containers[name] : undefined;
    const attempt = { metric: view.metric.name, attempt: view.attempt.number, running: plan.follow };
    const reader = new ContainerReader({
      view,
      look: async (stopped) => {
        const now = await viewAttempt(services, await readRun(stopped), attempt, stopped);
        return viewContainer(now, { container: name, known: view.container, pod: request.wish.pod });
      },
      sources: services.sources,
      changes: changes(),
      podNamed: request.wish.pod !== undefined,
      begin: plan.begin,
      position: typeof state === "object" ? state.position : undefined,
      follow: plan.follow,
      waitUntil: plan.waitUntil,
      pollMs: services.config.follow.poll,
      limits: plan.decompression,
      searchBytes: services.config.limits.scanBytes,
      clock: services.clock,
      wait: services.wait,
      signal,
    });
    this.#readers.set(name, reader);
    return reader;
  }
}

/** Tells that a container has no log, in place of failing with it. */
function leavingOut(reader: ContainerReader): LogEvents<ContainerEvent> {
  let opened = false;
  let ended = false;
  return {
    async next() {
      if (ended) return undefined;
      try {
        const event = await reader.next();
        opened ||= event?.kind === "opened";
        return event;
      } catch (failure) {
        if (opened || !hasNoLog(failure)) throw failure;
        ended = true;
        return { kind: "left-out", failure };
      }
    },
    close: () => reader.close(),
  };
}

function withFirst<E extends { readonly kind: string }>(first: E, rest: LogEvents<E>): LogEvents<E> {
  let left: E | undefined = first;
  return {
    next() {
      const event = left;
      left = undefined;
      return event === undefined ? rest.next() : Promise.resolve(event);
    },
    close: () => rest.close(),
  };
}
