/**
 * What signals are aborted with when nobody waits any more for what they are for. Each `abort()` without a reason makes an exception with a stack, which costs more than all
 * else in the abort.
 */
export const OVER = new Error("Nobody waits for this any more.");
