import { Failure } from "../failure.ts";
import { hasEnded } from "../runs/run.ts";
import type { LogSource } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import type { ContainerView } from "./view.ts";

/** Whether a source will get no more of the log, so long after the attempt's end. */
export function isSettled({ attempt }: ContainerView, settleMs: number, now: number): boolean {
  return attempt.endedAt !== undefined && now - Date.parse(attempt.endedAt) >= settleMs;
}

/** The same for all sources that match. */
export function haveSettled(view: ContainerView, sources: readonly LogSource[], now: number): boolean {
  return sources.filter((each) => each.matches(view.facts)).every(({ settleMs }) => isSettled(view, settleMs, now));
}

/** Whether a log that does not exist may still appear. */
export function mayAppear(failure: Failure, view: ContainerView, sources: readonly LogSource[], now: number): boolean {
  if (failure.kind === "not-yet") return true;
  if (failure.reason !== "LOG_NOT_FOUND") return false;
  return !hasEnded(view.attempt.phase) || !haveSettled(view, sources, now);
}

/** Whether the container waits to be started. */
export function isUnstarted({ target }: ContainerView): boolean {
  return target.pod?.unstarted?.final === false;
}

/**
 * Whether a failure in the middle of a log may be temporary: a broken connection, a store that is down for a moment.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof SourceError)
    return error.outcome === "unavailable" || error.outcome === "silent" || error.outcome === "not-found";
  return error instanceof Failure && (error.kind === "unavailable" || error.kind === "silent");
}
