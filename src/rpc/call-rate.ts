import type { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { limitExceeded } from "../limits.ts";
import { type Rate, type Refused, takeOrThrow } from "../rate.ts";

/**
 * Counts a call against its caller's rate.
 *
 * @param weight the reads that it makes of the cluster, roughly. Default: 1.
 * @throws Failure TOO_MANY_CALLS, which names the limit.
 */
export function takeCall(calls: Rate, { username }: Caller, weight?: number): void {
  takeOrThrow(calls, username, tooManyCalls, weight);
}

function tooManyCalls({ seconds, perMinute }: Refused): Failure {
  const message = `You make more calls than ${perMinute} per minute, the limit for one caller.`;
  const next = `Try again in ${seconds} s. Watch runs instead of polling them.`;
  return limitExceeded("limits.callsPerCaller", message, { next, retrySeconds: seconds });
}
