import type { Failure } from "../failure.ts";
import { sendEvent } from "./container-frames.ts";
import { openContainer, selectorOf } from "./container-reading.ts";
import type { LogEvent, LogPiece } from "./event.ts";
import type { EndReasonName, LogFrame } from "./frame.ts";
import { hasNoLog } from "./has-no-log.ts";
import type { LogStream } from "./log-stream.ts";
import { type MergedLog, mergeLogs } from "./merge-logs.ts";
import type { LineSelector } from "./select-lines.ts";
import { type AttemptView, viewContainer } from "./view.ts";
import { worstOf } from "./worst-of.ts";

/** For how long the logs that have something to say wait for one that is quiet. */
const PATIENCE_MS = 250;

/**
 * Streams the logs of all containers of an attempt: merged by time where their sources tell times, else one after another. A container that has no log is left out.
 */
export async function* allContainers(
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
      selectors.delete(name);
      yield stream.notice("container-left-out", `${name}: ${event.failure.message}`);
      return undefined;
    }
    const selector = selectors.get(name);
    if (selector === undefined) return undefined;
    const end = yield* sendEvent(stream, name, selector, event);
    if (end === undefined || end === "limit-reached" || end === "scan-budget-spent") return end;
    reasons.push(end);
    selectors.delete(name);
    // None of them has anything more that is wanted, whatever comes.
    return selectors.size === 0 ? worstOf(reasons) : undefined;
  };

  const wanted = view.metric.containers.filter(({ name }) => state[name] !== "ended");
  for (const { name } of wanted) selectors.set(name, selectorOf(stream, name));
  for (const { name } of wanted) {
    const events = leavingOut(
      openContainer(stream, view, viewContainer(view, { container: name, pod: request.wish.pod })),
    );
    if (request.follow) {
      merged.push({ name, events });
      continue;
    }
    let next = await events.next();
    for (; !next.done && next.value.kind === "notice"; next = await events.next()) yield* send(name, next.value);
    if (next.done) continue;
    if (next.value.kind === "opened" && next.value.timed) {
      merged.push({ name, events: after(next.value, events) });
      continue;
    }
    for await (const event of after(next.value, events)) {
      const end = yield* send(name, event);
      if (end !== undefined) return end;
    }
  }
  const patienceMs = request.follow ? PATIENCE_MS : undefined;
  const isWanted = (name: string): boolean => selectors.has(name);
  for await (const { name, event } of mergeLogs(merged, { patienceMs, isWanted, wait: services.wait, signal })) {
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
    if (opened || !hasNoLog(failure)) throw failure;
    yield { kind: "left-out", failure };
  }
}

async function* after<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}
