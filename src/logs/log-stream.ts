import type { Failure } from "../failure.ts";
import type { Services } from "../rpc/services.ts";
import type { Run } from "../runs/run.ts";
import type { Selector } from "../runs/selection.ts";
import type { LineFilterOptions } from "../stream/line-filter.ts";
import type { Changes } from "./changes.ts";
import type { ContainerCursor } from "./container-cursor.ts";
import type { CursorOf, EndReasonName, LogFrame, NoticeName } from "./frame.ts";
import { createSentCount, type SentCount } from "./limit-sent.ts";
import type { LogCursor } from "./log-cursor.ts";
import type { LogRequest } from "./log-request.ts";
import type { AttemptView } from "./view.ts";

export interface LogStreamOptions {
  readonly services: Services;
  readonly request: LogRequest;
  readonly run: Run;
  readonly filter: LineFilterOptions | undefined;
  readonly resumed: LogCursor | undefined;
  readonly signal: AbortSignal;
  readonly seal: (position: LogCursor) => string;
  readonly look: (wish: Pick<Selector, "metric" | "attempt" | "running">, signal: AbortSignal) => Promise<AttemptView>;
  /** Reads the run as it is now, for as long as the caller may. */
  readonly readRun: () => Promise<Run>;
  readonly changes: Changes;
}

/** One stream of a log: what it is to read, how far it is, and the frames that tell of it. */
export interface LogStream extends LogStreamOptions {
  /** Whether there is an origin to tell. */
  begun: boolean;
  headMissing: boolean;
  /** Bytes that were looked through. */
  scanned: number;
  readonly sent: SentCount;
  /** Bytes that were looked through since the last frame, and milliseconds. */
  readonly untold: { readonly bytes: number; readonly ms: number };
  /** Notes that the frame that was made last is sent, and so all before it. */
  told(): void;
  /** Whether the origin was sent. */
  readonly toldOrigin: boolean;
  /** When it began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Until when to wait for what is not there yet. */
  readonly waitUntil: number;
  /** The number of the attempt that is read. */
  readonly attempt: number;
  /** Notes which attempt is read, of which metric. */
  enter(view: AttemptView): void;
  /** Notes how far a container was read. */
  reached(container: string, cursor: ContainerCursor | "ended"): void;
  cursor(): CursorOf | undefined;
  notice(notice: NoticeName, message: string): LogFrame;
  end(reason: EndReasonName): LogFrame;
  /** The end of what broke off. It counts, and goes on behind, what was sent: a frame that was made meanwhile may have been left out. */
  broken(reason: EndReasonName, failure: Failure): LogFrame;
}

/** Ends of which nothing is left to read. */
const FINAL: ReadonlySet<EndReasonName> = new Set(["complete", "until-reached"]);

export function createLogStream(options: LogStreamOptions): LogStream {
  const { services, request, resumed, run, seal } = options;
  const { clock, config } = services;
  const startedAt = clock.now();
  const waitMs = request.waitMs ?? (request.follow ? Number.POSITIVE_INFINITY : 0);
  const ownLimit = request.limitBytes ?? Number.POSITIVE_INFINITY;
  const sent = createSentCount(
    { lines: request.limitLines, bytes: Math.min(ownLimit, config.limits.logBytes) },
    { lines: resumed?.lines ?? 0, bytes: resumed?.bytes ?? 0, inside: resumed?.inside ?? false },
  );
  let metric = resumed?.metric ?? "";
  let attempt = resumed?.attempt ?? 0;
  let containers: LogCursor["containers"] = resumed?.containers ?? {};
  let headMissing = resumed?.headMissing === true;

  const reachedNow = (): LogCursor => {
    const { lines, bytes, inside } = sent;
    return { run: run.uid, metric, attempt, containers, ...(headMissing && { headMissing }), lines, bytes, inside };
  };
  let told = { scanned: 0, at: startedAt, origin: false, reached: reachedNow() };
  const cursorOf = (reached: LogCursor): CursorOf | undefined =>
    Object.keys(reached.containers).length === 0 ? undefined : () => seal(reached);

  return {
    ...options,
    begun: false,
    get headMissing() {
      return headMissing;
    },
    set headMissing(isMissing) {
      headMissing = isMissing;
    },
    scanned: 0,
    sent,
    get untold() {
      return { bytes: this.scanned - told.scanned, ms: clock.now() - told.at };
    },
    told() {
      told = { scanned: this.scanned, at: clock.now(), origin: this.begun, reached: reachedNow() };
    },
    get toldOrigin() {
      return told.origin;
    },
    startedAt,
    waitUntil: startedAt + waitMs,
    get attempt() {
      return attempt;
    },
    enter(view) {
      if (view.metric.name !== metric || view.attempt.number !== attempt) containers = {};
      metric = view.metric.name;
      attempt = view.attempt.number;
    },
    reached(container, cursor) {
      containers = { ...containers, [container]: cursor };
    },
    cursor: () => cursorOf(reachedNow()),
    notice(notice, message) {
      return { kind: "notice", notice, message, cursor: this.begun ? cursorOf(reachedNow()) : undefined };
    },
    end(reason) {
      const { scanned } = this;
      const reached = reachedNow();
      const { lines, bytes } = reached;
      // Who goes on behind a limit of their own has it anew.
      const next = reason === "limit-reached" ? { ...reached, lines: 0, bytes: 0 } : reached;
      const cursor = FINAL.has(reason) ? undefined : cursorOf(next);
      return { kind: "end", reason, headMissing, lines, bytes, scanned, cursor, failure: undefined };
    },
    broken(reason, failure) {
      const { scanned } = this;
      const { lines, bytes } = told.reached;
      return { kind: "end", reason, headMissing, lines, bytes, scanned, cursor: cursorOf(told.reached), failure };
    },
  };
}
