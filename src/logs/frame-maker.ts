import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import { isStopped } from "../runs/verdict.ts";
import type { AttemptEvent } from "./attempt-reader.ts";
import { documentNotice } from "./document-notice.ts";
import { type EndReasonName, FINAL_REASONS, SizeLimit, worstOf } from "./end-reason.ts";
import type { ContainerEvent } from "./event.ts";
import type { CursorOf, LogFrame, NoticeName } from "./frame.ts";
import { createLineSelector, type LineSelector, type Selected, type SentPiece } from "./line-selection.ts";
import type { LogPlan, LogServices } from "./plan.ts";
import type { ContainerCursor, LogCursor } from "./position.ts";
import { SentCount } from "./sent-limit.ts";
import type { AttemptView } from "./view.ts";

/** A frame that is ready to be sent. */
export interface ReadyFrame {
  readonly frame: LogFrame;
  /** Where the stream can be resumed behind it. `undefined`: nothing was planned yet. */
  readonly reached: LogCursor | undefined;
  /** Bytes of the log that were scanned by then. */
  readonly scanned: number;
}

/** What ends with an event: the attempt, or one of several containers, of which nothing more is needed. */
export type Ended =
  | { readonly kind: "attempt"; readonly reason: EndReasonName }
  | { readonly kind: "container"; readonly name: string };

export interface FrameMakerOptions {
  readonly plan: LogPlan;
  readonly limits: LogServices["config"]["limits"];
  readonly clock: Clock;
  /** Where frames are put, in order. */
  readonly ready: ReadyFrame[];
  readonly signal: AbortSignal;
}

const LINE_CUT = "A line is too long to match in full: only its beginning was searched.";
const STOPPED = "The run was stopped and its Job deleted while it was running, so the log may end early.";
const NO_TIMES = "This source has no timestamps, so none are shown.";

/** After these, the text does not continue the line before it. */
const BREAKS: ReadonlySet<NoticeName> = new Set(["seam", "lines-lost", "pod-changed"]);

/**
 * Makes the frames of a stream from what is read of its attempts: chooses lines, counts what is sent against the
 * limits, and knows where the stream can be resumed.
 */
export class FrameMaker {
  readonly #options: FrameMakerOptions;
  readonly #sent: SentCount;
  #begun = false;
  #scanned = 0;
  #headMissing: boolean;
  #containers: LogCursor["containers"];
  /** The attempt that is read; how its containers ended, and why some are left out. */
  #view: AttemptView | undefined;
  #ends: EndReasonName[] = [];
  #leftOut: Failure[] = [];
  readonly #podEnds = new Set<string>();
  readonly #lineSelectors = new Map<string, LineSelector>();

  constructor(options: FrameMakerOptions) {
    const { resumed, limit } = options.plan;
    const { lines = 0, bytes = 0, inside = false, containers = {}, headMissing = false } = resumed ?? {};
    this.#options = options;
    this.#sent = new SentCount(limit, { lines, bytes, inside });
    this.#containers = containers;
    this.#headMissing = headMissing;
  }

  /** Whether there was an origin. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Bytes of the log that were scanned. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Starts with an attempt. */
  enter(view: AttemptView): void {
    const { resumed } = this.#options.plan;
    const before = this.#view ?? { metric: { name: resumed?.metric }, attempt: { number: resumed?.attempt } };
    if (view.metric.name !== before.metric.name || view.attempt.number !== before.attempt.number) this.#containers = {};
    this.#view = view;
    this.#lineSelectors.clear();
    this.#ends = [];
    this.#leftOut = [];
  }

  /**
   * Makes frames of an event. Returns a promise only where it has to wait: nearly every piece of a log is done at once.
   *
   * @throws SizeLimit; LogReplaced where the log is not the one that the cursor belongs to; the signal's reason.
   */
  take(attemptEvent: AttemptEvent): Ended | undefined | Promise<Ended | undefined> {
    const { container, event } = attemptEvent;
    if (event.kind !== "text" && event.kind !== "passed") return this.#takeOther(container, event);
    const end = this.#send(container, this.#lineSelectorOf(container).take(event));
    return end instanceof Promise ? end.then((reason) => this.#endBy(container, reason)) : this.#endBy(container, end);
  }

  #endBy(container: string, reason: EndReasonName | undefined): Ended | undefined {
    if (reason === undefined) return undefined;
    const isSingle = this.#options.plan.request.allContainers !== true;
    return reason === "until-reached" && !isSingle
      ? this.#endContainer(container, reason)
      : { kind: "attempt", reason };
  }

  async #takeOther(
    container: string,
    event: Exclude<AttemptEvent["event"], { readonly kind: "text" | "passed" }>,
  ): Promise<Ended | undefined> {
    const isSingle = this.#options.plan.request.allContainers !== true;
    switch (event.kind) {
      case "opened":
        this.#opened(container, event);
        return undefined;
      case "left-out":
        this.#leftOut.push(event.failure);
        this.notice("container-left-out", `${container}: ${event.failure.message}`);
        return undefined;
      case "notice": {
        const selector = this.#lineSelectorOf(container);
        const end = BREAKS.has(event.notice) ? await this.#send(container, selector.cut()) : undefined;
        if (end !== undefined) return { kind: "attempt", reason: end };
        // A cursor proves that what is missing was there.
        if (event.notice === "lines-lost" && this.#options.plan.resumed !== undefined) this.#headMissing = true;
        // Of the containers of a pod, each reports its end.
        if (event.notice === "pod-ended" && this.#podEnds.has(event.message)) return undefined;
        this.#podEnds.add(event.message);
        this.noticeOf(container, event.notice, event.message, event.source);
        return undefined;
      }
      case "end": {
        const end = await this.#send(container, this.#lineSelectorOf(container).end());
        if (end === "limit-reached") return { kind: "attempt", reason: end };
        if (isSingle) return { kind: "attempt", reason: event.reason };
        this.#containers = { ...this.#containers, [container]: "ended" };
        return this.#endContainer(container, event.reason);
      }
    }
  }

  /**
   * The attempt was read to its end.
   *
   * @throws Failure if none of its containers has a log, and nothing was read before.
   */
  endAttempt(): EndReasonName {
    const [failure] = this.#leftOut;
    if (!this.#begun && failure !== undefined) throw failure;
    return worstOf(this.#ends);
  }

  /** The log of the attempt ends. */
  leave(reason: EndReasonName): void {
    const stopped = this.#view !== undefined && isStopped(this.#view.attempt);
    if (stopped && (reason === "complete" || reason === "source-ended")) this.notice("attempt-stopped", STOPPED);
  }

  /** Makes a notice. */
  notice(notice: NoticeName, message: string, source?: string): void {
    const reached = this.#reached();
    const cursor = this.#begun ? this.#cursorAt(reached) : undefined;
    this.#push({ kind: "notice", notice, message, source, cursor }, reached);
  }

  /** Makes a notice about one container, which it names if several are read, and it is not about the whole pod. */
  noticeOf(container: string, notice: NoticeName, message: string, source?: string): void {
    const isNamed = this.#options.plan.request.allContainers && notice !== "pod-ended";
    this.notice(notice, isNamed ? `${container}: ${message}` : message, source);
  }

  /** Makes a heartbeat that says nothing else. */
  heartbeat(): void {
    this.#push({ kind: "heartbeat", cursor: undefined });
  }

  /** Makes a heartbeat that says how far the log was scanned. */
  progress(): void {
    const reached = this.#reached();
    this.#push({ kind: "heartbeat", cursor: this.#cursorAt(reached) }, reached);
  }

  /** Makes the end of a stream of which all was sent. */
  end(reason: EndReasonName): void {
    const reached = this.#reached();
    // Whoever resumes behind their own limit has it anew.
    const next = reason === "limit-reached" ? { ...reached, lines: 0, bytes: 0 } : reached;
    const { lines, bytes } = this.#sent;
    this.#push(this.#endFrame(reason, { lines, bytes }, FINAL_REASONS.has(reason) ? undefined : next), reached);
  }

  /** Makes the end of a stream that failed. @param last how far it is with the frames that are sent before. */
  fail(reason: EndReasonName, failure: Failure, last: LogCursor | undefined): void {
    const { lines = 0, bytes = 0 } = last ?? {};
    this.#push(this.#endFrame(reason, { lines, bytes }, last, failure), last);
  }

  /** Nothing more is needed of one of several containers. */
  #endContainer(name: string, reason: EndReasonName): Ended {
    this.#ends.push(reason);
    this.#lineSelectors.delete(name);
    return { kind: "container", name };
  }

  #lineSelectorOf(container: string): LineSelector {
    const known = this.#lineSelectors.get(container);
    if (known !== undefined) return known;
    const { filter, resumed } = this.#options.plan;
    const state = resumed?.attempt === this.#view?.attempt.number ? resumed?.containers[container] : undefined;
    const selector = createLineSelector(filter, typeof state === "object" ? state : undefined);
    this.#lineSelectors.set(container, selector);
    return selector;
  }

  #opened(container: string, event: Extract<ContainerEvent, { kind: "opened" }>): void {
    const { request } = this.#options.plan;
    if (!this.#begun) {
      const { view, source, live, relative, previous } = event;
      this.#begun = true;
      const single = request.allContainers ? undefined : view;
      this.#push({ kind: "origin", view, container: single, source, live, relative, previous });
    }
    if (request.timestamps && !event.timed) this.noticeOf(container, "no-times", NO_TIMES);
  }

  #send(
    container: string,
    selection: Iterable<Selected>,
  ): EndReasonName | undefined | Promise<EndReasonName | undefined> {
    const rest = selection[Symbol.iterator]();
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      if (next.value.kind === "yield") return this.#sendLater(container, rest);
      const end = this.#sendOne(container, next.value);
      if (end === undefined) continue;
      rest.return?.();
      return end;
    }
    return undefined;
  }

  async #sendLater(container: string, rest: Iterator<Selected>): Promise<EndReasonName | undefined> {
    await yieldToEventLoop();
    this.#options.signal.throwIfAborted();
    return this.#send(container, { [Symbol.iterator]: () => rest });
  }

  #sendOne(container: string, selected: Exclude<Selected, { kind: "yield" }>): EndReasonName | undefined {
    switch (selected.kind) {
      case "line-cut":
        this.noticeOf(container, "line-cut", LINE_CUT);
        return undefined;
      case "until-reached":
        return "until-reached";
      case "scanned":
        this.#scanned += selected.bytes;
        this.#reach(container, selected.cursor);
        return selected.searching && this.#isBudgetSpent() ? "scan-budget-spent" : undefined;
      case "sent":
        return this.#sendPiece(container, selected);
    }
  }

  #sendPiece(container: string, sent: SentPiece): EndReasonName | undefined {
    const { request } = this.#options.plan;
    const document = documentNotice(sent);
    if (document !== undefined) this.noticeOf(container, document.notice, document.message);
    const { piece, reached: isReached } = this.#sent.take(sent);
    this.#reach(container, piece === undefined ? sent.before : piece.cursor);
    if (piece !== undefined) {
      const reached = this.#reached();
      this.#push(
        {
          kind: "chunk",
          bytes: piece.bytes,
          firstLine: piece.line,
          runs: piece.runs,
          offset: piece.offset,
          container: request.allContainers ? container : undefined,
          attempt: request.selector.attempt === "all" ? reached.attempt : undefined,
          cursor: this.#cursorAt(reached) ?? (() => ""),
        },
        reached,
      );
    }
    if (!isReached) return undefined;
    const { logBytes } = this.#options.limits;
    // A character that the limit would cut is not sent.
    if (this.#sent.bytes >= logBytes - 4 && (request.limitBytes ?? Number.POSITIVE_INFINITY) > logBytes) {
      throw new SizeLimit(logBytes);
    }
    return "limit-reached";
  }

  #isBudgetSpent(): boolean {
    const { plan, limits, clock } = this.#options;
    if (plan.follow) return false;
    return this.#scanned > limits.scanBytes || clock.now() - plan.startedAt > limits.scanTime;
  }

  #reach(container: string, cursor: ContainerCursor): void {
    this.#containers = { ...this.#containers, [container]: cursor };
  }

  /** Where the stream can be resumed behind all that was made. */
  #reached(): LogCursor {
    const { run, resumed } = this.#options.plan;
    const { lines, bytes, inside } = this.#sent;
    const reached: LogCursor = {
      run: run.uid,
      metric: this.#view?.metric.name ?? resumed?.metric ?? "",
      attempt: this.#view?.attempt.number ?? resumed?.attempt ?? 0,
      containers: this.#containers,
      lines,
      bytes,
      inside,
    };
    if (this.#headMissing) reached.headMissing = true;
    return reached;
  }

  #cursorAt(reached: LogCursor | undefined): CursorOf | undefined {
    if (reached === undefined || Object.keys(reached.containers).length === 0) return undefined;
    const { seal } = this.#options.plan;
    return () => seal(reached);
  }

  #endFrame(
    reason: EndReasonName,
    { lines, bytes }: Pick<LogCursor, "lines" | "bytes">,
    next: LogCursor | undefined,
    failure?: Failure,
  ): LogFrame {
    const scanned = this.#scanned;
    const cursor = this.#cursorAt(next);
    return { kind: "end", reason, headMissing: this.#headMissing, lines, bytes, scanned, cursor, failure };
  }

  #push(frame: LogFrame, reached: LogCursor | undefined = this.#reached()): void {
    this.#options.ready.push({ frame, reached, scanned: this.#scanned });
  }
}
