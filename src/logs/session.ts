import { NO_LONGER_NEEDED } from "../abort.ts";
import { GuardedStream } from "../access/guarded-stream.ts";
import { Failure } from "../failure.ts";
import { type Caller, userKey } from "../identity/caller.ts";
import { guardRun, readAuthorizedRun } from "../runs/authorized-run.ts";
import type { Run } from "../runs/run.ts";
import { forCaller } from "../sources/for-caller.ts";
import { SourceError } from "../sources/source-error.ts";
import { AttemptReader } from "./attempt-reader.ts";
import { type Attempts, createAttempts, type NoAttempt } from "./attempts.ts";
import { BLIND_MS, Changes, type ChangesReader } from "./changes.ts";
import { brokenOff, type EndReasonName, staleCursor } from "./end-reason.ts";
import type { LogFrame } from "./frame.ts";
import { FrameMaker, type ReadyFrame } from "./frame-maker.ts";
import type { LogRequest } from "./log-request.ts";
import { type LogPlan, type LogServices, planLog } from "./plan.ts";
import type { LogCursor } from "./position.ts";
import { LogReplaced } from "./text.ts";
import { type AttemptView, viewAttempt } from "./view.ts";

/** A stream that scans so much, or for so long, without anything to send reports its progress. */
const MAX_SILENT_BYTES = 16 * 1024 * 1024;
const MAX_SILENT_MS = 5_000;
/** Some proxies close connections that are idle for 30 s: a heartbeat is sent after 10 to 15 s. */
const TICK_MS = 5_000;
const HEARTBEAT_TICKS = 3;
/** The headers are sent with the first frame. */
const FIRST_HEARTBEAT_MS = 500;

/** What a stream works with once its plan is made. */
interface Planned {
  readonly plan: LogPlan;
  readonly attempts: Attempts;
  readonly frames: FrameMaker;
}

/**
 * One stream of a log: `origin` first, `end` last. Every transport uses it.
 *
 * It authorizes, plans, chooses attempts and reads them, one step at a time and only while `next` is pending. States:
 * *planning* (`#planned` is undefined), *choosing* the next attempt (`#reader` is undefined), *reading* it, *ended*.
 * Read it to its end, or close it.
 */
export class LogSession {
  readonly #services: LogServices;
  readonly #caller: Caller;
  readonly #request: LogRequest;
  readonly #guarded: GuardedStream;
  readonly #changes: Changes;
  readonly #runChanges: ChangesReader;
  #planned: Planned | undefined;
  /** The run, if it was read since an attempt was chosen. */
  #run: Run | undefined;
  #reader: AttemptReader | undefined;
  /** What to wait for before an attempt is chosen, and the last notice about it. */
  #pause: (() => Promise<void>) | undefined;
  #lastWaiting = "";
  #ended = false;

  /** The pending `next`; frames that are ready; a failure that no frame carries. */
  #waiting: PromiseWithResolvers<LogFrame | undefined> | undefined;
  readonly #ready: ReadyFrame[] = [];
  #failed: { readonly error: unknown } | undefined;
  #stepping = false;
  #watching = false;
  /** Whether a notice says that changes are not watched. */
  #isBlind = false;
  /** Ticks since the last call of `next`. */
  #ticks = 0;
  readonly #firstFrame = new AbortController();

  /** How far the stream was with the last frame that was taken, and whether the origin was. */
  #taken: {
    readonly reached: LogCursor | undefined;
    readonly scanned: number;
    readonly at: number;
    readonly origin: boolean;
  };

  /**
   * @param signal aborted when the caller leaves: everything behind the stream is then aborted too.
   * @throws Failure TOO_MANY_STREAMS.
   */
  constructor(services: LogServices, caller: Caller, request: LogRequest, signal: AbortSignal) {
    this.#services = { ...services, sources: forCaller(services.sources, userKey(caller)) };
    this.#caller = caller;
    this.#request = request;
    this.#guarded = new GuardedStream(services, caller, signal);
    const { kube, sleep, watchedRuns } = services;
    this.#changes = new Changes({
      kube,
      watchedRuns,
      sleep,
      signal: this.#guarded.signal,
      onFailure: () => this.#notifyBlind(),
    });
    this.#runChanges = this.#changes.reader(() => ({ run: request.run, pods: undefined }));
    this.#taken = { reached: undefined, scanned: 0, at: services.clock.now(), origin: false };
    this.#guarded.signal.addEventListener("abort", () => this.#onStopped(), { once: true });
  }

  /**
   * Returns the next frame, or `undefined` after the end. One call at a time.
   *
   * After the origin, the end frame carries a failure, and the transport has to fail the call with it.
   *
   * @throws Failure before the origin (notices may precede it); the reason of the caller's signal.
   */
  next(): Promise<LogFrame | undefined> {
    const waiting = Promise.withResolvers<LogFrame | undefined>();
    this.#waiting = waiting;
    if (!this.#watching) this.#watchSilence().catch(() => undefined);
    this.#ticks = 0;
    this.#deliver();
    if (this.#waiting !== undefined && !this.#stepping) void this.#step();
    return waiting.promise;
  }

  /** Ends the stream and everything behind it. Can be called again. */
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

  /** Settles the pending `next`, if there is something to settle it with. */
  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const ready = this.#ready.shift();
    if (ready === undefined && this.#failed === undefined && !this.#ended) return;
    this.#waiting = undefined;
    if (ready !== undefined) {
      const { frame, reached, scanned } = ready;
      this.#taken = {
        reached,
        scanned,
        at: this.#services.clock.now(),
        origin: this.#taken.origin || frame.kind === "origin",
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

  /** Works until there is a frame. */
  async #step(): Promise<void> {
    this.#stepping = true;
    try {
      while (this.#ready.length === 0 && !this.#ended) {
        this.#guarded.signal.throwIfAborted();
        const planned = this.#planned;
        if (planned === undefined) await this.#makePlan();
        else if (this.#pause !== undefined) await this.#makePause(this.#pause);
        else if (this.#reader === undefined) await this.#chooseAttempt(planned);
        else await this.#read(planned, this.#reader);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#stepping = false;
    this.#deliver();
  }

  #onStopped(): void {
    if (this.#ended) return;
    this.#fail(this.#guarded.signal.reason);
    this.#deliver();
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    const { stopped, signal } = this.#guarded;
    // Frames from before a failure are still sent; those from before the stream was stopped must not be.
    if (signal.aborted) this.#ready.length = 0;
    const last = this.#ready.at(-1)?.reached ?? this.#taken.reached;
    const hasOrigin = this.#taken.origin || this.#ready.some(({ frame }) => frame.kind === "origin");
    const frames = this.#planned?.frames;
    if (this.#guarded.readerLeft(error)) this.#failed = { error: signal.reason };
    else if (!hasOrigin || frames === undefined) {
      this.#failed = { error: stopped?.failure ?? (error instanceof LogReplaced ? staleCursor(error) : error) };
    } else {
      // Failed requests are counted where they are made; this one broke in the middle of its response.
      if (error instanceof SourceError) this.#services.counters.source(error.source).brokeOff(error);
      const { reason, failure } = brokenOff(stopped ?? error);
      frames.fail(reason, failure, last);
    }
    this.#end();
  }

  async #makePlan(): Promise<void> {
    const plan = await planLog(this.#services, this.#caller, this.#request, this.#guarded.signal);
    const { clock, config } = this.#services;
    const { signal } = this.#guarded;
    const frames = new FrameMaker({ plan, limits: config.limits, clock, ready: this.#ready, signal });
    this.#run = plan.run;
    this.#planned = { plan, attempts: createAttempts(plan, clock), frames };
    guardRun(this.#guarded, plan.run);
  }

  async #makePause(pause: () => Promise<void>): Promise<void> {
    this.#pause = undefined;
    await pause();
  }

  /** Chooses the next attempt and opens it. */
  async #chooseAttempt(planned: Planned): Promise<void> {
    const { attempts, frames } = planned;
    const run = await this.#runNow(planned);
    if (run === undefined) return;
    const choice = attempts.choose(run, frames.begun);
    if (choice.kind !== "attempt") {
      this.#act(choice, planned);
      return;
    }
    if (choice.notice !== undefined) frames.notice("attempt-begins", choice.notice);
    try {
      const view = await viewAttempt(this.#services, run, choice.selector, this.#guarded.signal);
      this.#enter(planned, view);
    } catch (error) {
      this.#skip(error, planned);
    }
  }

  /** Returns the run as it is now, or `undefined` if it was deleted and the stream has ended with that. */
  async #runNow({ attempts, frames }: Planned): Promise<Run | undefined> {
    const run = this.#run;
    this.#run = undefined;
    if (run !== undefined) return run;
    try {
      return await this.#readRun(this.#guarded.signal);
    } catch (error) {
      const reason = error instanceof Failure && error.reason === "RUN_NOT_FOUND" ? attempts.onDeleted() : undefined;
      if (reason === undefined) throw error;
      frames.notice("run-deleted", "The run was deleted, so whether another attempt follows cannot be determined.");
      this.#finish(reason, frames);
      return undefined;
    }
  }

  #readRun(signal: AbortSignal): Promise<Run> {
    return readAuthorizedRun(this.#services, this.#caller, this.#request.run, signal, { isReread: true });
  }

  /** Handles an attempt that cannot be read. @throws the error, if the stream fails with it. */
  #skip(error: unknown, planned: Planned): void {
    const instead = planned.attempts.onFailure(error);
    if (instead === undefined) throw error;
    if (error instanceof Failure && error.kind === "damaged") planned.frames.damaged(error);
    this.#act(instead, planned);
  }

  #act(choice: NoAttempt, { frames }: Planned): void {
    if (choice.kind === "end") this.#finish(choice.reason, frames);
    else if (choice.kind === "left-out") frames.notice("attempt-left-out", choice.message);
    else {
      if (choice.message !== this.#lastWaiting) frames.notice("waiting", choice.message);
      this.#lastWaiting = choice.message;
      this.#pause = () => this.#runChanges.next(choice.ms);
    }
  }

  #enter({ plan, frames }: Planned, view: AttemptView): void {
    frames.enter(view);
    this.#reader = new AttemptReader({
      services: this.#services,
      plan,
      view,
      readRun: (signal) => this.#readRun(signal),
      changes: this.#changes,
      countLogs: (logs) => this.#guarded.countLogs(logs),
      signal: this.#guarded.signal,
    });
  }

  async #read(planned: Planned, reader: AttemptReader): Promise<void> {
    const { attempts, frames } = planned;
    try {
      const event = await reader.next();
      // Nothing is sent after the end of a stream that was stopped in the meantime.
      this.#guarded.signal.throwIfAborted();
      const taken =
        event === undefined ? ({ kind: "attempt", reason: frames.endAttempt() } as const) : frames.take(event);
      const ended = taken instanceof Promise ? await taken : taken;
      if (ended?.kind === "log") reader.drop(ended.log);
      if (ended?.kind === "attempt") {
        this.#closeReader();
        frames.leave(ended.reason);
        const end = attempts.onEnd(ended.reason);
        if (end !== undefined) this.#finish(end, frames);
      } else if (this.#ready.length === 0 && (frames.owesCursor || this.#isSilent(frames.scanned))) frames.progress();
    } catch (error) {
      this.#closeReader();
      this.#skip(error, planned);
    }
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #finish(reason: EndReasonName, frames: FrameMaker): void {
    frames.end(reason);
    this.#end();
  }

  #isSilent(scanned: number): boolean {
    const sinceMs = this.#services.clock.now() - this.#taken.at;
    return scanned - this.#taken.scanned >= MAX_SILENT_BYTES || sinceMs >= MAX_SILENT_MS;
  }

  /** Sends heartbeats while the stream is idle, and ticks the reader. */
  async #watchSilence(): Promise<void> {
    const { sleep } = this.#services;
    const { signal } = this.#guarded;
    this.#watching = true;
    await sleep(FIRST_HEARTBEAT_MS, this.#firstFrame.signal).then(
      () => this.#sendHeartbeat(),
      () => undefined,
    );
    for (;;) {
      await sleep(TICK_MS, signal);
      if (this.#waiting === undefined) continue;
      this.#ticks += 1;
      for (const told of this.#reader?.tick() ?? []) this.#planned?.frames.takeNotice(told);
      if (this.#ready.length > 0) this.#deliver();
      else if (this.#ticks >= HEARTBEAT_TICKS) this.#sendHeartbeat();
    }
  }

  /** Says once that the run or its pods cannot be watched. */
  #notifyBlind(): void {
    if (this.#isBlind || this.#ended || this.#planned === undefined) return;
    this.#isBlind = true;
    this.#planned.frames.notice(
      "polling",
      `The run and its pods cannot be watched, so their state is read every ${BLIND_MS / 1_000} s instead.`,
    );
    this.#deliver();
  }

  #sendHeartbeat(): void {
    if (this.#waiting === undefined || this.#ended) return;
    if (this.#planned !== undefined) this.#planned.frames.heartbeat();
    else this.#ready.push({ frame: { kind: "heartbeat", cursor: undefined }, reached: undefined, scanned: 0 });
    this.#deliver();
  }
}
