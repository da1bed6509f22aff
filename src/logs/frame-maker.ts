import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import { isStopped } from "../runs/verdict.ts";
import { latestTime } from "../stream/line-time.ts";
import { type AttemptLog, labelOf, readsSeveral } from "./attempt-logs.ts";
import type { AttemptEvent } from "./attempt-reader.ts";
import { type EndReasonName, FINAL_REASONS, hasNoLog, SizeLimit, worstOf } from "./end-reason.ts";
import type { ContainerEvent } from "./event.ts";
import type { LeftOut } from "./event-readers.ts";
import type { CursorOf, LogFrame, NoticeName } from "./frame.ts";
import { createLineSelector, type LineSelector, type Selected, type SentPiece } from "./line-selection.ts";
import type { LogsLeftOut } from "./log-queue.ts";
import { LogStates } from "./log-states.ts";
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

/** What ends with an event: the attempt, or one of several logs, of which nothing more is needed. */
export type Ended =
  | { readonly kind: "attempt"; readonly reason: EndReasonName }
  | { readonly kind: "log"; readonly log: AttemptLog };

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
const TOO_MANY_OPEN =
  "As many logs are open as one caller, or this server, may have (limits.streamsPerCaller, limits.streams).";
const RUN_DELETED = "The run was deleted, so the end of its log cannot be determined.";
const NO_TIMES = "This source has no timestamps, so none are shown.";
const NO_LINE_TIMES =
  "None of the lines read so far has a timestamp that can be read, so they cannot be selected by time.";

const NO_LOGS: LogCursor["containers"] = {};
const NO_CURSOR: CursorOf = () => "";
/** While more follows at once, so many bytes are sent from one cursor to the next. */
const BETWEEN_CURSORS = 64 * 1024;
/** So many logs are named in a sentence. */
const NAMED_LOGS = 20;

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
  #logs: LogStates;
  #notifiedDeleted = false;
  /** Whether another event follows at once; how much was sent since the last cursor. */
  #more = false;
  #sinceCursor = 0;
  /** The attempt that is read; how its logs ended, and why some are left out. */
  #view: AttemptView | undefined;
  #ends: EndReasonName[] = [];
  #leftOut: Failure[] = [];
  /** The first log that is damaged. */
  #damage: Failure | undefined;
  readonly #lineSelectors = new Map<string, { readonly log: AttemptLog; readonly selector: LineSelector }>();
  /** Logs of which a notice says, in a silence, that no line has a time. */
  readonly #saidUntimed = new Set<string>();
  /** How pods ended, as notices have said. */
  readonly #podEnds = new Set<string>();

  constructor(options: FrameMakerOptions) {
    const { resumed, limit } = options.plan;
    const { lines = 0, bytes = 0, inside = false, containers = {}, headMissing = false } = resumed ?? {};
    this.#options = options;
    this.#sent = new SentCount(limit, { lines, bytes, inside });
    this.#logs = new LogStates(containers);
    this.#headMissing = headMissing;
  }

  /** Whether there was an origin. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether something was sent without a cursor, and nothing follows at once that has one. */
  get owesCursor(): boolean {
    return this.#sinceCursor > 0 && !this.#more;
  }

  /** Bytes of the log that were scanned. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Starts with an attempt. */
  enter(view: AttemptView): void {
    const { resumed } = this.#options.plan;
    const before = this.#view ?? { metric: { name: resumed?.metric }, attempt: { number: resumed?.attempt } };
    if (view.metric.name !== before.metric.name || view.attempt.number !== before.attempt.number)
      this.#logs = new LogStates();
    this.#view = view;
    this.#lineSelectors.clear();
    this.#saidUntimed.clear();
    this.#ends = [];
    this.#leftOut = [];
  }

  /**
   * Makes frames of an event. Returns a promise only where it has to wait: nearly every piece of a log is done at once.
   *
   * @throws SizeLimit; LogReplaced where the log is not the one that the cursor belongs to; the signal's reason.
   */
  take(told: AttemptEvent): Ended | undefined | Promise<Ended | undefined> {
    if (told.kind !== "log") {
      this.takeNotice(told);
      return undefined;
    }
    this.#more = told.more;
    return this.#takeOf(told.log, told.event);
  }

  /** Makes a frame of a notice that comes while the log is quiet. */
  takeNotice(told: AttemptEvent): void {
    switch (told.kind) {
      case "log":
        if (told.event.kind === "notice") this.noticeOf(told.log, told.event.notice, told.event.message);
        return;
      case "waiting":
        this.notice("waiting", told.message);
        return;
      case "run-deleted":
        this.#runDeleted(RUN_DELETED);
        this.#ends.push("source-ended");
        return;
      case "logs-left-out":
        this.#logsLeftOut(told);
    }
  }

  #takeOf(log: AttemptLog, event: ContainerEvent | LeftOut): Ended | undefined | Promise<Ended | undefined> {
    if (event.kind !== "text" && event.kind !== "passed") return this.#takeOther(log, event);
    const end = this.#send(log, this.#lineSelectorOf(log).take(event));
    // Where a tail begins has to be known even if nothing follows.
    if (event.kind === "passed" && event.bytes === 0) this.progress();
    return end instanceof Promise ? end.then((reason) => this.#endBy(log, reason)) : this.#endBy(log, end);
  }

  #endBy(log: AttemptLog, reason: EndReasonName | undefined): Ended | undefined {
    if (reason === undefined) return undefined;
    if (reason !== "until-reached") this.#noteUntimed(log);
    return reason === "until-reached" && this.#isOfSeveral ? this.#endLog(log, reason) : { kind: "attempt", reason };
  }

  async #takeOther(
    log: AttemptLog,
    event: Exclude<ContainerEvent | LeftOut, { readonly kind: "text" | "passed" }>,
  ): Promise<Ended | undefined> {
    switch (event.kind) {
      case "opened":
        this.#opened(log, event);
        return undefined;
      case "left-out": {
        const { failure } = event;
        this.#leftOut.push(failure);
        // There is more of it than was sent.
        const isLost = !hasNoLog(failure) || (log.pod !== undefined && this.#resumedAt(log) !== undefined);
        if (failure.kind === "damaged") {
          this.#ends.push("source-damaged");
          this.damaged(failure);
        } else if (isLost) this.#ends.push("source-ended");
        this.notice("container-left-out", `${labelOf(log)}: ${failure.message}`);
        return undefined;
      }
      case "notice": {
        const selector = this.#lineSelectorOf(log);
        const end = BREAKS.has(event.notice) ? await this.#send(log, selector.cut()) : undefined;
        if (end !== undefined) return { kind: "attempt", reason: end };
        // A cursor proves that what is missing was there.
        if (event.notice === "lines-lost" && this.#options.plan.resumed !== undefined) this.#headMissing = true;
        // Of the containers of a pod, each reports its end.
        if (event.notice === "pod-ended" && this.#podEnds.has(event.message)) return undefined;
        this.#podEnds.add(event.message);
        if (event.notice === "run-deleted") this.#runDeleted(event.message);
        else this.noticeOf(log, event.notice, event.message, event.source);
        return undefined;
      }
      case "end": {
        const end = await this.#send(log, this.#lineSelectorOf(log).end());
        this.#noteUntimed(log);
        if (end === "limit-reached") return { kind: "attempt", reason: end };
        if (event.reason === "source-damaged") {
          const isOnly = !this.#isOfSeveral && this.#options.plan.attempt !== "all";
          if (!isOnly) this.noticeOf(log, "log-damaged", event.failure.message);
          this.damaged(event.failure);
        }
        if (!this.#isOfSeveral) return { kind: "attempt", reason: event.reason };
        // Of a job that is running, there will be more.
        if (event.reason !== "caught-up") this.#logs.set(log.key, "ended");
        return this.#endLog(log, event.reason);
      }
    }
  }

  /**
   * The attempt was read to its end.
   *
   * @throws Failure if none of its logs can be read, and nothing was read before.
   */
  endAttempt(): EndReasonName {
    const [failure] = this.#leftOut;
    if (!this.#begun && failure !== undefined) throw failure;
    return worstOf(this.#ends);
  }

  /** A log is damaged: the stream ends with that, even if others follow. */
  damaged(failure: Failure): void {
    this.#damage ??= failure;
  }

  /** The log of the attempt ends. */
  leave(reason: EndReasonName): void {
    const stopped = this.#view !== undefined && isStopped(this.#view.attempt);
    if (stopped && (reason === "complete" || reason === "source-ended")) this.notice("attempt-stopped", STOPPED);
  }

  /** Makes a notice. @param about the pods that it is about, or the source in which the log continues. */
  notice(
    notice: NoticeName,
    message: string,
    about: { pods?: readonly string[]; source?: string | undefined } = {},
  ): void {
    const reached = this.#reached();
    const cursor = this.#begun ? this.#cursorAt(reached) : undefined;
    this.#push({ kind: "notice", notice, message, ...about, cursor }, reached);
  }

  /** Makes a notice about one log, which it names if several are read, and it is not about the whole pod. */
  noticeOf(log: AttemptLog, notice: NoticeName, message: string, source?: string): void {
    const isNamed = this.#isOfSeveral && notice !== "pod-ended";
    this.notice(notice, isNamed ? `${labelOf(log)}: ${message}` : message, { source });
  }

  /** Each of several logs may report it. */
  #runDeleted(message: string): void {
    if (!this.#notifiedDeleted) this.notice("run-deleted", message);
    this.#notifiedDeleted = true;
  }

  #logsLeftOut({ pods, containers, queued, isShare }: LogsLeftOut): void {
    const all = [...pods, ...containers];
    const named = all.slice(0, NAMED_LOGS).join(", ");
    const names = all.length > NAMED_LOGS ? `${named} and ${all.length - NAMED_LOGS} more` : named;
    const what = queued ? "Read when others have ended" : "Not read";
    if (!queued) this.#ends.push("source-ended");
    const why = isShare ? TOO_MANY_OPEN : "The Job has more logs than can be read at once.";
    this.notice("pods-left-out", `${why} ${what}: ${names}.`, { pods });
  }

  /** Makes a heartbeat that says nothing else, or says of a followed log that its lines have no times. */
  heartbeat(): void {
    if (this.#options.plan.follow && this.#noteAllUntimed()) return;
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
    const failure = reason === "source-damaged" ? this.#damage : undefined;
    this.#push(
      this.#endFrame(reason, { lines, bytes }, FINAL_REASONS.has(reason) ? undefined : next, failure),
      reached,
    );
  }

  /** Makes the end of a stream that failed. @param last how far it is with the frames that are sent before. */
  fail(reason: EndReasonName, failure: Failure, last: LogCursor | undefined): void {
    const { lines = 0, bytes = 0 } = last ?? {};
    this.#push(this.#endFrame(reason, { lines, bytes }, last, failure), last);
  }

  /** Nothing more is needed of one of several logs. */
  #endLog(log: AttemptLog, reason: EndReasonName): Ended {
    this.#ends.push(reason);
    this.#lineSelectors.delete(log.key);
    return { kind: "log", log };
  }

  /** @returns whether there was something new to say. */
  #noteAllUntimed(): boolean {
    let isNew = false;
    for (const { log } of this.#lineSelectors.values()) {
      if (this.#saidUntimed.has(log.key) || !this.#noteUntimed(log)) continue;
      this.#saidUntimed.add(log.key);
      isNew = true;
    }
    return isNew;
  }

  /** @returns whether no line so far had a time, though times decide. */
  #noteUntimed(log: AttemptLog): boolean {
    const { lacksTimes = false } = this.#lineSelectors.get(log.key)?.selector ?? {};
    if (lacksTimes) this.noticeOf(log, "no-line-times", NO_LINE_TIMES);
    return lacksTimes;
  }

  #lineSelectorOf(log: AttemptLog): LineSelector {
    const known = this.#lineSelectors.get(log.key);
    if (known !== undefined) return known.selector;
    const { filter } = this.#options.plan;
    const selector = createLineSelector(filter && { ...filter, latest: this.#latestTime() }, this.#resumedAt(log));
    this.#lineSelectors.set(log.key, { log, selector });
    return selector;
  }

  #latestTime(): string {
    const { startedAt, endedAt } = this.#view?.attempt ?? {};
    return latestTime(startedAt, endedAt, this.#options.clock.now());
  }

  /** Where a log is resumed, if it is. */
  #resumedAt({ key }: AttemptLog): ContainerCursor | undefined {
    const { resumed } = this.#options.plan;
    const state = resumed?.attempt === this.#view?.attempt.number ? resumed?.containers[key] : undefined;
    return typeof state === "object" ? state : undefined;
  }

  get #isOfSeveral(): boolean {
    return readsSeveral(this.#options.plan.request);
  }

  #opened(log: AttemptLog, event: Extract<ContainerEvent, { kind: "opened" }>): void {
    const { request } = this.#options.plan;
    if (!this.#begun) {
      const { view, source, live, relative, previous } = event;
      this.#begun = true;
      const single = this.#isOfSeveral ? undefined : view;
      this.#push({ kind: "origin", view, container: single, source, live, relative, previous });
    }
    if (request.timestamps && !event.timed) this.noticeOf(log, "no-times", NO_TIMES);
  }

  #send(
    log: AttemptLog,
    selection: Iterable<Selected>,
  ): EndReasonName | undefined | Promise<EndReasonName | undefined> {
    const rest = selection[Symbol.iterator]();
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      if (next.value.kind === "yield") return this.#sendLater(log, rest);
      const end = this.#sendOne(log, next.value);
      if (end === undefined) continue;
      rest.return?.();
      return end;
    }
    return undefined;
  }

  async #sendLater(log: AttemptLog, rest: Iterator<Selected>): Promise<EndReasonName | undefined> {
    await yieldToEventLoop();
    this.#options.signal.throwIfAborted();
    return this.#send(log, { [Symbol.iterator]: () => rest });
  }

  #sendOne(log: AttemptLog, selected: Exclude<Selected, { kind: "yield" }>): EndReasonName | undefined {
    switch (selected.kind) {
      case "line-cut":
        this.noticeOf(log, "line-cut", LINE_CUT);
        return undefined;
      case "until-reached":
        return "until-reached";
      case "scanned":
        this.#scanned += selected.bytes;
        this.#reach(log, selected.cursor);
        return selected.searching && this.#isBudgetSpent() ? "scan-budget-spent" : undefined;
      case "sent":
        return this.#sendPiece(log, selected);
    }
  }

  #sendPiece(log: AttemptLog, sent: SentPiece): EndReasonName | undefined {
    const { request } = this.#options.plan;
    const { piece, reached: isReached } = this.#sent.take(sent);
    this.#reach(log, piece === undefined ? sent.before : piece.cursor);
    if (piece !== undefined) {
      const reached = this.#reached();
      this.#sinceCursor += piece.bytes.length;
      // Lines of many logs alternate, and their cursors are long.
      const isSpared =
        request.allPods === true && this.#logs.areMany && this.#more && this.#sinceCursor < BETWEEN_CURSORS;
      this.#push(
        {
          kind: "chunk",
          bytes: piece.bytes,
          firstLine: piece.line,
          runs: piece.runs,
          offset: piece.offset,
          container: this.#isOfSeveral ? log.container.name : undefined,
          pod: log.pod,
          attempt: request.selector.attempt === "all" ? reached.attempt : undefined,
          cursor: isSpared ? NO_CURSOR : (this.#cursorAt(reached) ?? NO_CURSOR),
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

  #reach({ key }: AttemptLog, cursor: ContainerCursor): void {
    this.#logs.set(key, cursor);
  }

  /** Where the stream can be resumed behind all that was made. */
  #reached(): LogCursor {
    const { run, resumed } = this.#options.plan;
    const { lines, bytes, inside } = this.#sent;
    const reached: LogCursor = {
      run: run.uid,
      metric: this.#view?.metric.name ?? resumed?.metric ?? "",
      attempt: this.#view?.attempt.number ?? resumed?.attempt ?? 0,
      containers: this.#logs.now ?? NO_LOGS,
      lines,
      bytes,
      inside,
    };
    if (this.#headMissing) reached.headMissing = true;
    // Only what is sent needs a copy of the positions of many logs. An accessor makes JSON slower, so that one log has
    // none.
    if (this.#logs.now === undefined)
      Object.defineProperty(reached, "containers", { get: this.#logs.snapshot(), enumerable: true });
    return reached;
  }

  #cursorAt(reached: LogCursor | undefined): CursorOf | undefined {
    if (reached === undefined) return undefined;
    const { seal } = this.#options.plan;
    return () => (Object.keys(reached.containers).length === 0 ? "" : seal(reached));
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
    const hasCursor = frame.kind !== "origin" && frame.cursor !== undefined && frame.cursor !== NO_CURSOR;
    if (hasCursor) this.#sinceCursor = 0;
  }
}
