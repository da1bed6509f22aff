import type { Failure } from "../failure.ts";
import { containersIn } from "../runs/containers-in.ts";
import type { Run } from "../runs/run.ts";
import type { ChangesReader } from "./changes.ts";
import { ContainerReader } from "./container-reader.ts";
import { hasNoLog } from "./end-reason.ts";
import type { ContainerEvent, LogPiece } from "./event.ts";
import { type EventReader, LogMerge } from "./merge-logs.ts";
import type { LogPlan, LogServices } from "./plan.ts";
import { type AttemptView, type ContainerView, viewAttempt, viewContainer } from "./view.ts";

/** One of several containers has no log. */
export interface LeftOut {
  readonly kind: "left-out";
  readonly failure: Failure;
}

/** An event of one container. */
export interface AttemptEvent {
  readonly container: string;
  readonly event: ContainerEvent | LeftOut;
}

export interface AttemptReaderOptions {
  readonly services: LogServices;
  readonly plan: LogPlan;
  /** The attempt as it is. */
  readonly view: AttemptView;
  /** Reads the run as it is now, as long as the caller may read it. */
  readonly readRun: (signal: AbortSignal) => Promise<Run>;
  readonly changes: () => ChangesReader;
  readonly signal: AbortSignal;
}

/** A container that is being read. `begun`: its source is known, or it has no log. */
interface CurrentContainer {
  readonly name: string;
  readonly events: EventReader<SideEvent>;
  begun: boolean;
}

/** Everything but text. */
type SideEvent = Exclude<ContainerEvent, LogPiece> | LeftOut;

/** How long a quiet container delays the others, in milliseconds. */
const MAX_DELAY_MS = 250;

/**
 * Reads the log of one attempt: of one container, or of all. Those whose sources have timestamps are merged by time,
 * the others are read one after another; containers without a log are skipped.
 */
export class AttemptReader {
  readonly #options: AttemptReaderOptions;
  /** Containers that are still to be opened, if all are read. */
  readonly #waiting: string[] = [];
  readonly #readers = new Map<string, ContainerReader>();
  /** The container that is being read. */
  #current: CurrentContainer | undefined;
  readonly #timed: { readonly name: string; readonly events: EventReader<SideEvent> }[] = [];
  #merge: LogMerge<SideEvent> | undefined;

  /** @throws Failure POD_NOT_FOUND or CONTAINER_NOT_FOUND, which lists what there is. */
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
    // The choice is not made again on resume: it might differ now.
    const [resumedContainer] = Object.keys(state);
    const container = resumedContainer ?? request.selector.container;
    // One that the cluster had added to a pod that is gone.
    const known = resumedContainer === undefined ? undefined : { name: resumedContainer, init: false, added: true };
    const selected = viewContainer(view, { container, known, pod: request.selector.pod });
    const { name } = selected.container;
    this.#current = { name, events: this.#open(selected), begun: true };
  }

  /**
   * Returns the next event, or `undefined` after the last. One call at a time.
   *
   * @throws what {@link ContainerReader} throws, except that one of several containers has no log.
   */
  async next(): Promise<AttemptEvent | undefined> {
    for (;;) {
      const current = this.#current;
      if (current !== undefined) {
        const event = this.#eventOf(current, await current.events.next());
        if (event !== undefined) return event;
      } else if (this.#waiting.length > 0) this.#openNext();
      else return this.#nextMerged();
    }
  }

  /** Passes on a tick: see `ContainerReader.tick`. */
  *tick(): Generator<AttemptEvent> {
    for (const [container, reader] of this.#readers) {
      const event = reader.tick();
      if (event !== undefined) yield { container, event };
    }
  }

  /** Stops reading one container. */
  drop(name: string): void {
    this.#readers.get(name)?.close();
    this.#merge?.drop(name);
    if (this.#current?.name === name) this.#current = undefined;
  }

  close(): void {
    this.#merge?.close();
    for (const reader of this.#readers.values()) reader.close();
  }

  /** Returns an event of the container that was current, or `undefined` if another container is next. */
  #eventOf(current: CurrentContainer, event: AttemptEvent["event"] | undefined): AttemptEvent | undefined {
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
    const events = leavingOut(this.#open(viewContainer(view, { container: name, pod: plan.request.selector.pod })));
    // A follow reads all of them side by side, with or without timestamps.
    if (plan.follow) this.#timed.push({ name, events });
    else this.#current = { name, events, begun: false };
  }

  async #nextMerged(): Promise<AttemptEvent | undefined> {
    if (this.#timed.length === 0) return undefined;
    const { plan, services, signal } = this.#options;
    const maxDelayMs = plan.follow ? MAX_DELAY_MS : undefined;
    this.#merge ??= new LogMerge(this.#timed, { maxDelayMs, sleep: services.sleep, signal });
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
      refresh: async (stopped) => {
        const now = await viewAttempt(services, await readRun(stopped), attempt, stopped);
        return viewContainer(now, { container: name, known: view.container, pod: request.selector.pod });
      },
      sources: services.sources,
      changes: changes(),
      podNamed: request.selector.pod !== undefined,
      begin: plan.begin,
      until: plan.request.until,
      position: typeof state === "object" ? state.position : undefined,
      follow: plan.follow,
      waitUntil: plan.waitUntil,
      pollMs: services.config.follow.poll,
      showDocument: request.showDocument === true,
      limits: plan.decompression,
      searchBytes: services.config.limits.scanBytes,
      clock: services.clock,
      sleep: services.sleep,
      signal,
    });
    this.#readers.set(name, reader);
    return reader;
  }
}

/** Returns an event in place of failing if a container has no log. */
function leavingOut(reader: ContainerReader): EventReader<SideEvent> {
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

function withFirst<E extends { readonly kind: string }>(first: E, rest: EventReader<E>): EventReader<E> {
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
