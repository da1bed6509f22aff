import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a time, and no longer once the signal is aborted: then it throws the signal's reason. Injected, so that tests need not wait. */
export type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

export const waitReally: Wait = async (ms, signal) => {
  await sleep(ms, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
};
