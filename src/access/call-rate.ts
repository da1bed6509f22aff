import type { Failure } from "../failure.ts";
import { type Caller, userKey } from "../identity/caller.ts";
import { limitExceeded } from "../limits.ts";
import { type Rate, type Refused, takeOrThrow } from "../rate.ts";

/**
 * Counts a call against its caller's rate.
 *
 * @param weight the reads that it makes of the cluster, roughly. Default: 1.
 * @throws Failure TOO_MANY_CALLS, which names the limit.
 */
export function takeCall(calls: Rate, caller: Caller, weight?: number): void {
  takeOrThrow(calls, userKey(caller), tooManyCalls, weight);
}

/** How many bytes that are read of a large run, or of a long list of runs, count as one call. */
const RUN_BYTES = 32 * 1024;
/** Lists are read once at a time for all callers. */
const LIST_BYTES = 256 * 1024;

/**
 * Refuses a caller whose large reads cost more than a minute's calls. Others are never refused, however many calls they
 * make: unlike {@link takeCall}, it takes nothing.
 *
 * @throws Failure TOO_MANY_CALLS, which names the limit.
 */
export function refuseInDebt(calls: Rate, caller: Caller): void {
  takeCall(calls, caller, 0);
}

/** Counts what a caller's read of a run has cost, beyond the call itself. */
export function chargeRunRead(calls: Rate, caller: Caller, bytes: number): void {
  if (bytes > 0) calls.charge(userKey(caller), bytes / RUN_BYTES);
}

/** Counts what a caller's list of runs has cost, beyond the call itself. */
export function chargeListRead(calls: Rate, caller: Caller, bytes: number): void {
  if (bytes > 0) calls.charge(userKey(caller), bytes / LIST_BYTES);
}

function tooManyCalls({ seconds, perMinute }: Refused): Failure {
  const message = `You make more calls than ${perMinute} per minute, the limit for one caller.`;
  const next = `Try again in ${seconds} s. Watch runs instead of polling them.`;
  return limitExceeded("limits.callsPerCaller", message, { next, retrySeconds: seconds });
}
