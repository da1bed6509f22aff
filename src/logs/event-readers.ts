import { Failure } from "../failure.ts";
import type { LogScope } from "./attempt-logs.ts";
import type { ContainerReader } from "./container-reader.ts";
import { hasNoLog } from "./end-reason.ts";
import type { ContainerEvent, LogPiece } from "./event.ts";
import type { EventReader } from "./merge-logs.ts";

/** One of several logs does not exist, or cannot be read. */
export interface LeftOut {
  readonly kind: "left-out";
  readonly failure: Failure;
}

/** Everything but text. */
export type SideEvent = Exclude<ContainerEvent, LogPiece> | LeftOut;

/**
 * Returns an event in place of failing if a log does not exist, if a source has too many open or, where there may be
 * others, if it is out of reach.
 */
export function leavingOut(reader: ContainerReader, scope: LogScope): EventReader<SideEvent> {
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
        if (opened || !(hasNoLog(failure) || isBusy(failure) || (scope !== "attempt" && isOutOfReach(failure)))) {
          throw failure;
        }
        ended = true;
        return { kind: "left-out", failure };
      }
    },
    get isQueued() {
      return reader.isQueued;
    },
    close: () => reader.close(),
  };
}

/** Puts an event that was read back in front. */
export function withFirst<E extends { readonly kind: string }>(first: E, rest: EventReader<E>): EventReader<E> {
  let left: E | undefined = first;
  return {
    next() {
      const event = left;
      left = undefined;
      return event === undefined ? rest.next() : Promise.resolve(event);
    },
    get isQueued() {
      return rest.isQueued ?? false;
    },
    close: () => rest.close(),
  };
}

/** The others may be the caller's own. */
function isBusy(error: unknown): error is Failure {
  return error instanceof Failure && error.reason === "SOURCE_BUSY";
}

/** One of several nodes or stores may be down. */
function isOutOfReach(error: unknown): error is Failure {
  return error instanceof Failure && /^(SOURCE_UNAVAILABLE|SOURCE_SILENT|BACKEND_REFUSED)$/.test(error.reason);
}
