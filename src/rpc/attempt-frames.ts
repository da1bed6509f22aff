import { Failure } from "../failure.ts";
import { readContainerLog } from "../reading/container-log.ts";
import type { LogEvent, LogPiece } from "../reading/event.ts";
import { type MergedLog, mergeLogs } from "../reading/merge-logs.ts";
import { createLineSelector, type LineSelector, type SelectedEvent } from "../reading/select-lines.ts";
import { SizeLimit } from "../reading/size-limit.ts";
import { type AttemptView, type ContainerView, viewContainer } from "../reading/view.ts";
import { looksLikePage } from "../stream/sniff.ts";
import type { EndReasonName, LogFrame } from "./frame.ts";
import type { LogStream } from "./log-stream.ts";

type AttemptWish = number | "last" | "failed" | undefined;

/** Short logs of one line over and over compress better than any ratio that a bomb could not have too. */
const RATIO_FREE_BYTES = 64 * 1024 * 1024;
/** For how long the logs that have something to say wait for one that is quiet. */
const PATIENCE_MS = 250;
/** How much is looked through, and for how long, before a stream that has nothing to send says how far it is. */
const UNTOLD_BYTES = 16 * 1024 * 1024;
const UNTOLD_MS = 5_000;

const LOOKS_LIKE_PAGE =
  "The store answered with what looks like a web page, not a log: a login form or an error page, perhaps.";
const BYTES_REPLACED = "Some bytes are not text in the log's encoding; each is shown as \uFFFD.";
const LINE_CUT = "A line is too long to be looked at whole: whether it matches is told by its beginning.";
const NO_TIMES = "This source tells no times: none are put before lines.";

/**
 * Streams the log of one attempt: of one container, or of all of them.
 *
 * @returns why it ended.
 */
export async function* attemptFrames(
  stream: LogStream,
  wish: AttemptWish,
): AsyncGenerator<LogFrame, EndReasonName, undefined> {
  const view = yield* waitForAttempt(stream, wish);
  stream.enter(view);
  if (stream.request.allContainers) return yield* allContainers(stream, view);
  const container = stream.resumed === undefined ? stream.request.wish.container : containerOf(stream);
  const selected = viewContainer(view, { container, pod: stream.request.wish.pod });
  const { name } = selected.container;
  const selector = selectorOf(stream, name);
  for await (const event of openContainer(stream, view, selected)) {
    const end = yield* sendEvent(stream, name, selector, event);
    if (end !== undefined) return end;
  }
  return "source-ended";
}

function containerOf({ resumed, request }: LogStream): string | undefined {
  return Object.keys(resumed?.containers ?? {})[0] ?? request.wish.container;
}

async function* waitForAttempt(stream: LogStream, wish: AttemptWish): AsyncGenerator<LogFrame, AttemptView, undefined> {
  const { request, resumed, services, signal, run, changes } = stream;
  const metric = resumed?.metric ?? request.wish.metric;
  let said = "";
  for (;;) {
    try {
      return await stream.look({ metric, attempt: wish, running: request.follow }, signal);
    } catch (error) {
      const left = stream.waitUntil - services.clock.now();
      if (!(error instanceof Failure && error.kind === "not-yet") || left <= 0) throw error;
      if (error.message !== said) yield stream.notice("waiting", `Waiting. ${error.message}`);
      said = error.message;
      await changes.next({ run, pods: undefined }, left);
    }
  }
}

/** Begins to read one container's log, or goes on with it. */
function openContainer(
  stream: LogStream,
  view: AttemptView,
  selected: ContainerView,
): AsyncGenerator<LogEvent, void, undefined> {
  const { services, request, resumed, signal, changes, waitUntil } = stream;
  const { limits, follow } = services.config;
  const { name } = selected.container;
  const state = resumed?.attempt === view.attempt.number ? resumed.containers[name] : undefined;
  const fixed = { metric: view.metric.name, attempt: view.attempt.number };
  const wish = { container: name, pod: request.wish.pod };
  return readContainerLog({
    view: selected,
    look: async (stopped) => viewContainer(await stream.look(fixed, stopped), wish),
    sources: services.sources,
    changes,
    podNamed: request.wish.pod !== undefined,
    begin: { tail: request.tail, firstLine: request.firstLine, since: request.since },
    position: typeof state === "object" ? state.position : undefined,
    follow: request.follow === true,
    waitUntil,
    pollMs: follow.poll,
    limits: { ratio: limits.decompressionRatio, ratioFreeBytes: RATIO_FREE_BYTES },
    clock: services.clock,
    wait: services.wait,
    signal,
  });
}

function selectorOf(stream: LogStream, name: string): LineSelector {
  const state = stream.resumed?.attempt === stream.attempt ? stream.resumed.containers[name] : undefined;
  return createLineSelector(stream.filter, typeof state === "object" ? state : undefined);
}

/** What is read of a container to frames. Returns why its log ends, where it does. */
async function* sendEvent(
  stream: LogStream,
  name: string,
  selector: LineSelector,
  event: LogEvent,
): AsyncGenerator<LogFrame, EndReasonName | undefined, undefined> {
  for (const selected of selector.take(event)) {
    const end = yield* sendSelected(stream, name, selected);
    if (end !== undefined) return end;
  }
  return undefined;
}

/**
 * Streams the logs of all containers of an attempt: merged by time where their sources tell times, else one after another. A container that has no log is left out.
 */
async function* allContainers(
  stream: LogStream,
  view: AttemptView,
): AsyncGenerator<LogFrame, EndReasonName, undefined> {
  const { request, services, signal } = stream;
  const selectors = new Map<string, LineSelector>();
  const reasons: EndReasonName[] = [];
  const failures: Failure[] = [];
  const merged: MergedLog<LeftOut | Exclude<LogEvent, LogPiece>>[] = [];
  const state = stream.resumed?.attempt === view.attempt.number ? stream.resumed.containers : {};

  const send = async function* (
    name: string,
    event: LeftOut | LogEvent,
  ): AsyncGenerator<LogFrame, EndReasonName | undefined> {
    if (event.kind === "left-out") {
      failures.push(event.failure);
      yield stream.notice("container-left-out", `${name}: ${event.failure.message}`);
      return undefined;
    }
    const selector = selectors.get(name);
    if (selector === undefined) return undefined;
    const end = yield* sendEvent(stream, name, selector, event);
    if (end === undefined || end === "limit-reached" || end === "scan-budget-spent") return end;
    reasons.push(end);
    selectors.delete(name);
    return undefined;
  };

  for (const { name } of view.metric.containers) {
    if (state[name] === "ended") continue;
    const selected = viewContainer(view, { container: name, pod: request.wish.pod });
    selectors.set(name, selectorOf(stream, name));
    const events = leavingOut(openContainer(stream, view, selected));
    if (request.follow) {
      merged.push({ name, events });
      continue;
    }
    const first = await events.next();
    if (first.done) continue;
    if (first.value.kind === "opened" && first.value.timed) {
      merged.push({ name, events: after(first.value, events) });
      continue;
    }
    for await (const event of after(first.value, events)) {
      const end = yield* send(name, event);
      if (end !== undefined) return end;
    }
  }
  const patienceMs = request.follow ? PATIENCE_MS : undefined;
  for await (const { name, event } of mergeLogs(merged, { patienceMs, wait: services.wait, signal })) {
    const end = yield* send(name, event);
    if (end !== undefined) return end;
  }
  const [failure] = failures;
  if (!stream.begun && failure !== undefined) throw failure;
  return worstOf(reasons);
}

/** One of several containers has no log. */
interface LeftOut {
  readonly kind: "left-out";
  readonly failure: Failure;
}

async function* leavingOut(events: AsyncIterable<LogEvent>): AsyncGenerator<LogEvent | LeftOut, void, undefined> {
  let opened = false;
  try {
    for await (const event of events) {
      opened ||= event.kind === "opened";
      yield event;
    }
  } catch (failure) {
    const hasNone = failure instanceof Failure && (failure.kind === "not-found" || failure.kind === "not-yet");
    if (opened || !hasNone) throw failure;
    yield { kind: "left-out", failure };
  }
}

async function* after<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}

/** What is true of all logs together. */
function worstOf(reasons: readonly EndReasonName[]): EndReasonName {
  const order: readonly EndReasonName[] = ["caught-up", "source-ended", "until-reached", "complete"];
  return order.find((each) => reasons.includes(each)) ?? "source-ended";
}

/** One event to frames. */
async function* sendSelected(
  stream: LogStream,
  name: string,
  event: SelectedEvent,
): AsyncGenerator<LogFrame, EndReasonName | undefined, undefined> {
  const { request } = stream;
  switch (event.kind) {
    case "opened": {
      if (!stream.begun) {
        const { view, source, live, relative, previous } = event;
        stream.begun = true;
        const container = request.allContainers ? undefined : view;
        yield { kind: "origin", view, container, source, live, relative, previous };
      }
      if (request.timestamps && !event.timed) yield stream.notice("no-times", NO_TIMES);
      return undefined;
    }
    case "notice":
      yield stream.notice(event.notice, request.allContainers ? `${name}: ${event.message}` : event.message);
      return undefined;
    case "bytes-replaced":
      yield stream.notice("bytes-replaced", BYTES_REPLACED);
      return undefined;
    case "line-cut":
      yield stream.notice("line-cut", LINE_CUT);
      return undefined;
    case "sent": {
      if (event.offset === 0 && looksLikePage(event.bytes, event.mediaType)) {
        yield stream.notice("looks-like-page", LOOKS_LIKE_PAGE);
      }
      const { piece, reached } = stream.sent.take(event);
      if (piece !== undefined) {
        stream.reached(name, piece.cursor);
        yield {
          kind: "chunk",
          bytes: piece.bytes,
          firstLine: piece.line,
          runs: piece.runs,
          offset: piece.offset,
          container: request.allContainers ? name : undefined,
          attempt: request.wish.attempt === "all" ? stream.attempt : undefined,
          cursor: stream.cursor() ?? (() => ""),
        };
      } else if (reached) stream.reached(name, event.before);
      if (!reached) return undefined;
      const { logBytes } = stream.services.config.limits;
      if (stream.sent.bytes >= logBytes - 4 && (request.limitBytes ?? Number.POSITIVE_INFINITY) > logBytes) {
        throw new SizeLimit(logBytes);
      }
      return "limit-reached";
    }
    case "scanned":
      stream.scanned += event.bytes;
      stream.reached(name, event.cursor);
      if (isBudgetSpent(stream)) return "scan-budget-spent";
      if (stream.untold.bytes >= UNTOLD_BYTES || stream.untold.ms >= UNTOLD_MS) {
        yield { kind: "heartbeat", cursor: stream.cursor() };
      }
      return undefined;
    case "until-reached":
      return "until-reached";
    case "end":
      stream.headMissing ||= event.headMissing;
      if (request.allContainers) stream.reached(name, "ended");
      return event.reason;
  }
}

function isBudgetSpent({ filter, request, scanned, startedAt, services }: LogStream): boolean {
  if (request.follow || (filter === undefined && request.firstLine === undefined)) return false;
  const { scanBytes, scanTime } = services.config.limits;
  return scanned > scanBytes || services.clock.now() - startedAt > scanTime;
}
