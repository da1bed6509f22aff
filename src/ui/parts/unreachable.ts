import type { Text } from "../text/en.ts";

/** A failed call, explained to the user. */
export interface FailureWords {
  readonly title: string;
  readonly why: string;
  /** What the user can do, besides retrying. */
  readonly next: string;
  /** Whether the failure may pass, so that the page retries. */
  readonly mayPass: boolean;
}

/** The server cannot be reached. */
export function unreachable({ states }: Text): FailureWords {
  return navigator.onLine
    ? { title: states.unreachable, why: states.unreachableWhy, next: "", mayPass: true }
    : { title: states.offline, why: states.offlineWhy, next: "", mayPass: true };
}
