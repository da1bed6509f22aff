import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { NO_LONGER_NEEDED } from "../abort-reasons.ts";
import { GuardedStream } from "../access/guarded-stream.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { guardRun, readAuthorizedRun } from "../runs/authorized-run.ts";
import type { Run } from "../runs/run.ts";
import { isStopped } from "../runs/verdict.ts";
import { SourceError } from "../sources/source-error.ts";
import { type AttemptEvent, AttemptReader } from "./attempt-reader.ts";
import { type Attempts, createAttempts, type NoAttempt } from "./attempts.ts";
import { type Changes, type ChangesReader, createChanges } from "./changes.ts";
import { documentNotice } from "./document-notice.ts";
import { brokenOff, type EndReasonName, FINAL_REASONS, SizeLimit, staleCursor, worstOf } from "./end-reason.ts";
import type { LogEvent } from "./event.ts";
import type { CursorOf, LogFrame, NoticeName } from "./frame.ts";
import { createLineSelector, type LineSelector, type Selected, type SentPiece } from "./line-selection.ts";
import type { LogRequest } from "./log-request.ts";
import { type LogPlan, type LogServices, planLog } from "./plan.ts";
import type { ContainerCursor, LogCursor } from "./position.ts";
import { SentCount } from "./sent-limit.ts";
import { LogReplaced } from "./text.ts";
import { type AttemptView, viewAttempt } from "./view.ts";

/** How much is looked through, and for how long, before a stream that has nothing to send says how far it is. */
const MAX_SILENT_BYTES = 16 * 1024 * 1024;
const MAX_SILENT_MS = 5_000;
/** Proxies cut connections that are quiet for 30 s or longer: a heartbeat comes after 10 to 15 s. */
const TICK_MS = 5_000;
const HEARTBEAT_TICKS = 3;
/** For headers to go out, which the first frame brings along. */
const FIRST_HEARTBEAT_MS = 500;

const LINE_CUT = "A line is too long to be looked at whole: whether it matches is told by its beginning.";
const STOPPED = "The run was stopped and its Job deleted while it ran: the log may be cut off here.";
const NO_TIMES = "This source tells no times: none are put before lines.";

/** After these, what comes does not continue the line before it. */
const BREAKS: ReadonlySet<NoticeName> = new Set(["seam", "lines-lost", "pod-changed"]);

/** A frame that is made, and how far the stream is with it. */
interface ReadyFrame {
  readonly frame: LogFrame;
  readonly reached: LogCursor;
  readonly scanned: number;
}

/**
 * One stream of a log: `origin` first, `end` last. Every transport uses it.
 *
 * It authorizes and plans, opens, reads, chooses lines and makes frames, one step at a time and only while somebody waits for the
 * next frame. States: *planning* (`#plan` is undefined), *choosing* the next attempt (`#reader` is undefined), *reading* it,
 * *ended*. Whoever makes one reads it to its end or closes it.
 */
export class LogSession {
  readonly #services: LogServices;
  readonly #caller: Caller;
  readonly #request: LogRequest;
  readonly #guarded: GuardedStream;
  readonly #changes: Changes;
  readonly #runChanges: ChangesReader;
  #plan: LogPlan | undefined;
  /** The run as it was read last, until an attempt of it is chosen. */
  #run: Run | undefined;
  #attempts: Attempts | undefined;
  #reader: AttemptReader | undefined;
  /** What to wait for before an attempt is chosen, and what was told of it last. */
  #pause: (() => Promise<void>) | undefined;
  #lastWaiting = "";
  #ended = false;

  /** What the caller of `next` waits with; frames that are made and not taken; what the stream failed with, if nobody waited. */
  #waiting: PromiseWithResolvers<LogFrame | undefined> | undefined;
  #ready: ReadyFrame[] = [];
  #failed: { readonly error: unknown } | undefined;
  #stepping = false;
  #ticks = 0;
  readonly #firstFrame = new AbortController();

  #view: AttemptView | undefined;
  #selectors = new Map<string, LineSelector>();
  /** How the containers of the attempt have ended, and why some are left out. */
  #ends: EndReasonName[] = [];
  #leftOut: Failure[] = [];
  #containers: LogCursor["containers"] = {};
  #sent: SentCount | undefined;
  #headMissing = false;
  #begun = false;
  #scanned = 0;
  /** How far the stream was with the frame that was taken last. */
  #told: {
    readonly reached: LogCursor | undefined;
    readonly scanned: number;
    readonly at: number;
    readonly origin: boolean;
  };

  /**
   * @param signal aborted when the caller leaves; everything behind the stream then stops.
   * @throws Failure TOO_MANY_STREAMS.
   */
  constructor(services: LogServices, caller: Caller, request: LogRequest, signal: AbortSignal) {
    this.#services = services;
    this.#caller = caller;
    this.#request = request;
    this.#guarded = new GuardedStream(services, caller, signal);
    this.#changes = createChanges({ kube: services.kube, wait: services.wait, signal: this.#guarded.signal });
    this.#runChanges = this.#changes.reader();
    this.#told = { reached: undefined, scanned: 0, at: services.clock.now(), origin: false };
    this.#guarded.signal.addEventListener("abort", () => this.#onStopped(), { once: true });
  }

  /**
   * The next frame; `undefined` behind the end. For one caller at a time.
   *
   * After the origin, a failure stands in the end frame, and the transport has to fail the call with it.
   *
   * @throws Failure before the origin (notices may have come before it); the reason of the caller's signal.
   */
  next(): Promise<LogFrame | undefined> {
    const waiting = Promise.withResolvers<LogFrame | undefined>();
    this.#waiting = waiting;
    if (this.#ticks === 0 && this.#plan === undefined && !this.#stepping) this.#watchSilence().catch(() => undefined);
    this.#ticks = 0;
    this.#deliver();
    if (this.#waiting !== undefined && !this.#stepping) void this.#step();
    return waiting.promise;
  }

  /** Ends the stream, and all behind it. May be called again. */
  close(): void {
    this.#end();
    this.#deliver();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#firstFrame.abort(NO_LONGER_NEEDED);
    this.#reader?.close();
    this.#changes.close();
    this.#guarded.close();
  }

  /** Gives a frame to whoever waits, if there is one. */
  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const ready = this.#ready.shift();
    if (ready === undefined && this.#failed === undefined && !this.#ended) return;
    this.#waiting = undefined;
    if (ready !== undefined) {
      const { frame, reached, scanned } = ready;
      this.#told = {
        reached,
        scanned,
        at: this.#services.clock.now(),
        origin: this.#told.origin || frame.kind === "origin",
      };
      if (frame.kind === "chunk") this.#services.counters.sentBytes += frame.bytes.length;
      if (!this.#firstFrame.signal.aborted) this.#firstFrame.abort(NO_LONGER_NEEDED);
      waiting.resolve(frame);
    } else if (this.#failed !== undefined) {
      const { error } = this.#failed;
      this.#failed = undefined;
      waiting.reject(error);
    } else waiting.resolve(undefined);
  }

  /** Goes on until there is a frame to give. */
  async #step(): Promise<void> {
    this.#stepping = true;
    try {
      while (this.#ready.length === 0 && !this.#ended) {
        this.#guarded.signal.throwIfAborted();
        if (this.#plan === undefined) await this.#makePlan();
        else if (this.#pause !== undefined) await this.#makePause(this.#pause);
        else if (this.#attempts === undefined) return;
        else if (this.#reader === undefined) await this.#chooseAttempt(this.#plan, this.#attempts);
        else await this.#read(this.#plan, this.#attempts, this.#reader);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#stepping = false;
    this.#deliver();
  }

  /** What was read before the caller lost the right to it is not sent after. */
  #onStopped(): void {
    if (this.#ended) return;
    this.#ready = [];
    this.#fail(this.#guarded.signal.reason);
    this.#deliver();
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    const { stopped } = this.#guarded;
    // What was made before a failure is sent before it; what was made before the stream was stopped may not be.
    if (stopped !== undefined) this.#ready = [];
    const last = this.#ready.at(-1)?.reached ?? this.#told.reached;
    const hasOrigin = this.#told.origin || this.#ready.some(({ frame }) => frame.kind === "origin");
    if (this.#guarded.readerLeft(error)) this.#failed = { error: this.#guarded.signal.reason };
    else if (!hasOrigin) {
      this.#failed = { error: stopped?.failure ?? (error instanceof LogReplaced ? staleCursor(error) : error) };
    } else {
      // What comes of asking is counted where a source is asked; this is the middle of its answer.
      if (error instanceof SourceError) this.#services.counters.source(error.source).brokeOff(error);
      const { reason, failure } = brokenOff(stopped ?? error);
      this.#push(this.#endFrame(reason, last, failure), last);
    }
    this.#end();
  }

  async #makePlan(): Promise<void> {
    const plan = await planLog(this.#services, this.#caller, this.#request, this.#guarded.signal);
    const { resumed } = plan;
    this.#containers = resumed?.containers ?? {};
    this.#headMissing = resumed?.headMissing === true;
    this.#sent = new SentCount(plan.limit, {
      lines: resumed?.lines ?? 0,
      bytes: resumed?.bytes ?? 0,
      inside: resumed?.inside ?? false,
    });
    this.#run = plan.run;
    this.#attempts = createAttempts(plan, this.#services.clock);
    this.#plan = plan;
    guardRun(this.#guarded, plan.run);
  }

  async #makePause(pause: () => Promise<void>): Promise<void> {
    this.#pause = undefined;
    await pause();
  }

  /** Chooses the attempt that is read next, and begins with it. */
  async #chooseAttempt(plan: LogPlan, attempts: Attempts): Promise<void> {
    const run = await this.#runNow(attempts);
    if (run === undefined) return;
    const choice = attempts.choose(run, this.#begun);
    if (choice.kind !== "attempt") {
      this.#act(choice, plan);
      return;
    }
    if (choice.notice !== undefined) this.#notice("attempt-begins", choice.notice);
    try {
      const view = await viewAttempt(this.#services, run, choice.selector, this.#guarded.signal);
      this.#enter(plan, view);
    } catch (error) {
      const instead = attempts.onFailure(error);
      if (instead === undefined) throw error;
      this.#act(instead, plan);
    }
  }

  /** The run as it is now; at first, as it was read when the plan was made. `undefined`: it was deleted, and that is the end. */
  async #runNow(attempts: Attempts): Promise<Run | undefined> {
    const run = this.#run;
    this.#run = undefined;
    if (run !== undefined) return run;
    try {
      return await this.#readRun(this.#guarded.signal);
    } catch (error) {
      const reason = error instanceof Failure && error.reason === "RUN_NOT_FOUND" ? attempts.onDeleted() : undefined;
      if (reason === undefined) throw error;
      this.#notice("run-deleted", "The run was deleted, so whether another attempt follows cannot be determined.");
      this.#finish(reason);
      return undefined;
    }
  }

  #readRun(signal: AbortSignal): Promise<Run> {
    return readAuthorizedRun(this.#services, this.#caller, this.#request.run, signal);
  }

  #act(choice: NoAttempt, { run }: LogPlan): void {
    if (choice.kind === "end") this.#finish(choice.reason);
    else if (choice.kind === "left-out") this.#notice("attempt-left-out", choice.message);
    else {
      if (choice.message !== this.#lastWaiting) this.#notice("waiting", choice.message);
      this.#lastWaiting = choice.message;
      this.#pause = () => this.#runChanges.next({ run, pods: undefined }, choice.ms);
    }
  }

  #enter(plan: LogPlan, view: AttemptView): void {
    const before = this.#view ?? { metric: { name: plan.resumed?.metric }, attempt: { number: plan.resumed?.attempt } };
    if (view.metric.name !== before.metric.name || view.attempt.number !== before.attempt.number) this.#containers = {};
    this.#view = view;
    this.#selectors.clear();
    this.#ends = [];
    this.#leftOut = [];
    this.#reader = new AttemptReader({
      services: this.#services,
      plan,
      view,
      readRun: (signal) => this.#readRun(signal),
      changes: () => this.#changes.reader(),
      signal: this.#guarded.signal,
    });
  }

  async #read(plan: LogPlan, attempts: Attempts, reader: AttemptReader): Promise<void> {
    try {
      const told = await reader.next();
      if (told !== undefined) {
        const end = await this.#take(plan, told);
        if (end === undefined) return;
        this.#leave(attempts, end);
        return;
      }
      const [failure] = this.#leftOut;
      if (!this.#begun && failure !== undefined) throw failure;
      this.#leave(attempts, worstOf(this.#ends));
    } catch (error) {
      const instead = attempts.onFailure(error);
      if (instead === undefined) throw error;
      this.#closeReader();
      this.#act(instead, plan);
    }
  }

  /** Ends the attempt that is read. */
  #leave(attempts: Attempts, reason: EndReasonName): void {
    this.#closeReader();
    const stopped = this.#view !== undefined && isStopped(this.#view.attempt);
    if (stopped && (reason === "complete" || reason === "source-ended")) this.#notice("attempt-stopped", STOPPED);
    const end = attempts.onEnd(reason);
    if (end !== undefined) this.#finish(end);
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #finish(reason: EndReasonName): void {
    const reached = this.#reached();
    // Who resumes behind a limit of their own has it anew.
    const next = reason === "limit-reached" ? { ...reached, lines: 0, bytes: 0 } : reached;
    this.#push(this.#endFrame(reason, FINAL_REASONS.has(reason) ? undefined : next, undefined), reached);
    this.#end();
  }

  /** What was told of a container to frames. Returns why the attempt's log ends here, if it does. */
  async #take(plan: LogPlan, { container, event }: AttemptEvent): Promise<EndReasonName | undefined> {
    const isSingle = plan.request.allContainers !== true;
    switch (event.kind) {
      case "opened":
        this.#opened(plan, event);
        return undefined;
      case "left-out":
        this.#leftOut.push(event.failure);
        this.#notice("container-left-out", `${container}: ${event.failure.message}`);
        return undefined;
      case "notice": {
        const selector = this.#selectorOf(plan, container);
        const end = BREAKS.has(event.notice) ? await this.#send(plan, container, selector.cut()) : undefined;
        if (end !== undefined) return end;
        // A cursor proves that what is missing was there.
        if (event.notice === "lines-lost" && plan.resumed !== undefined) this.#headMissing = true;
        this.#notice(event.notice, isSingle ? event.message : `${container}: ${event.message}`);
        return undefined;
      }
      case "text":
      case "passed": {
        const end = await this.#send(plan, container, this.#selectorOf(plan, container).take(event));
        return end === "until-reached" && !isSingle ? this.#containerEnds(container, end) : end;
      }
      case "end": {
        const end = await this.#send(plan, container, this.#selectorOf(plan, container).end());
        if (end === "limit-reached") return end;
        if (isSingle) return event.reason;
        this.#containers = { ...this.#containers, [container]: "ended" };
        return this.#containerEnds(container, event.reason);
      }
    }
  }

  /** Nothing more of one of several containers is wanted. */
  #containerEnds(container: string, reason: EndReasonName): undefined {
    this.#ends.push(reason);
    this.#selectors.delete(container);
    this.#reader?.drop(container);
  }

  #selectorOf({ filter, resumed }: LogPlan, container: string): LineSelector {
    const known = this.#selectors.get(container);
    if (known !== undefined) return known;
    const state = resumed?.attempt === this.#view?.attempt.number ? resumed?.containers[container] : undefined;
    const selector = createLineSelector(filter, typeof state === "object" ? state : undefined);
    this.#selectors.set(container, selector);
    return selector;
  }

  #opened({ request }: LogPlan, event: Extract<LogEvent, { kind: "opened" }>): void {
    if (!this.#begun) {
      const { view, source, live, relative, previous } = event;
      this.#begun = true;
      const container = request.allContainers ? undefined : view;
      this.#push({ kind: "origin", view, container, source, live, relative, previous });
    }
    if (request.timestamps && !event.timed) this.#notice("no-times", NO_TIMES);
  }

  async #send(plan: LogPlan, container: string, selection: Iterable<Selected>): Promise<EndReasonName | undefined> {
    for (const selected of selection) {
      if (selected.kind === "yield") {
        await yieldToEventLoop();
        this.#guarded.signal.throwIfAborted();
        continue;
      }
      const end = this.#sendOne(plan, container, selected);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  #sendOne(
    plan: LogPlan,
    container: string,
    selected: Exclude<Selected, { kind: "yield" }>,
  ): EndReasonName | undefined {
    switch (selected.kind) {
      case "line-cut":
        this.#notice("line-cut", LINE_CUT);
        return undefined;
      case "until-reached":
        return "until-reached";
      case "scanned":
        this.#scanned += selected.bytes;
        this.#reach(container, selected.cursor);
        if (selected.searching && this.#isBudgetSpent(plan)) return "scan-budget-spent";
        if (this.#ready.length === 0 && this.#isSilent()) {
          this.#push({ kind: "heartbeat", cursor: this.#cursorAt(this.#reached()) });
        }
        return undefined;
      case "sent":
        return this.#sendPiece(plan, container, selected);
    }
  }

  #sendPiece({ request }: LogPlan, container: string, sent: SentPiece): EndReasonName | undefined {
    const document = documentNotice(sent);
    if (document !== undefined) this.#notice(document.notice, document.message);
    const { piece, reached: isReached } = this.#sent?.take(sent) ?? { piece: sent, reached: false };
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
          attempt: request.wish.attempt === "all" ? reached.attempt : undefined,
          cursor: this.#cursorAt(reached) ?? (() => ""),
        },
        reached,
      );
    }
    if (!isReached) return undefined;
    const { logBytes } = this.#services.config.limits;
    if ((this.#sent?.bytes ?? 0) >= logBytes - 4 && (request.limitBytes ?? Number.POSITIVE_INFINITY) > logBytes) {
      throw new SizeLimit(logBytes);
    }
    return "limit-reached";
  }

  #isBudgetSpent({ follow, startedAt }: LogPlan): boolean {
    if (follow) return false;
    const { scanBytes, scanTime } = this.#services.config.limits;
    return this.#scanned > scanBytes || this.#services.clock.now() - startedAt > scanTime;
  }

  #isSilent(): boolean {
    const { scanned, at } = this.#told;
    return this.#scanned - scanned >= MAX_SILENT_BYTES || this.#services.clock.now() - at >= MAX_SILENT_MS;
  }

  #reach(container: string, cursor: ContainerCursor): void {
    this.#containers = { ...this.#containers, [container]: cursor };
  }

  /** How far the stream is with all that was made so far. */
  #reached(): LogCursor {
    const { lines = 0, bytes = 0, inside = false } = this.#sent ?? {};
    const reached: LogCursor = {
      run: this.#plan?.run.uid ?? "",
      metric: this.#view?.metric.name ?? this.#plan?.resumed?.metric ?? "",
      attempt: this.#view?.attempt.number ?? this.#plan?.resumed?.attempt ?? 0,
      containers: this.#containers,
      lines,
      bytes,
      inside,
    };
    if (this.#headMissing) reached.headMissing = true;
    return reached;
  }

  #cursorAt(reached: LogCursor | undefined): CursorOf | undefined {
    const seal = this.#plan?.seal;
    if (reached === undefined || seal === undefined || Object.keys(reached.containers).length === 0) return undefined;
    return () => seal(reached);
  }

  #notice(notice: NoticeName, message: string): void {
    const reached = this.#reached();
    this.#push({ kind: "notice", notice, message, cursor: this.#begun ? this.#cursorAt(reached) : undefined }, reached);
  }

  #endFrame(reason: EndReasonName, next: LogCursor | undefined, failure: Failure | undefined): LogFrame {
    const { lines = 0, bytes = 0 } = (failure === undefined ? this.#sent : next) ?? {};
    const cursor = this.#cursorAt(next);
    return {
      kind: "end",
      reason,
      headMissing: this.#headMissing,
      lines,
      bytes,
      scanned: this.#scanned,
      cursor,
      failure,
    };
  }

  #push(frame: LogFrame, reached = this.#reached()): void {
    this.#ready.push({ frame, reached, scanned: this.#scanned });
  }

  /** Has a heartbeat sent where the stream is silent, and the reader told how long it is. */
  async #watchSilence(): Promise<void> {
    const { wait } = this.#services;
    const { signal } = this.#guarded;
    await wait(FIRST_HEARTBEAT_MS, this.#firstFrame.signal).then(
      () => this.#beat(),
      () => undefined,
    );
    for (;;) {
      await wait(TICK_MS, signal);
      if (this.#waiting === undefined) continue;
      this.#ticks += 1;
      for (const told of this.#reader?.tick() ?? []) {
        if (told.event.kind === "notice") this.#notice(told.event.notice, told.event.message);
      }
      if (this.#ready.length > 0) this.#deliver();
      else if (this.#ticks >= HEARTBEAT_TICKS) this.#beat();
    }
  }

  #beat(): void {
    if (this.#waiting === undefined || this.#ended) return;
    this.#push({ kind: "heartbeat", cursor: undefined });
    this.#deliver();
  }
}
