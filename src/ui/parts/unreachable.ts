import type { Text } from "../text/en.ts";
import type { FailureWords } from "./failure-words.ts";

/** There is no way to the server. */
export function unreachable({ states }: Text): FailureWords {
  return navigator.onLine
    ? { title: states.unreachable, why: states.unreachableWhy, next: "", mayPass: true }
    : { title: states.offline, why: states.offlineWhy, next: "", mayPass: true };
}
