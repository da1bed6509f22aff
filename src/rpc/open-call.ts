import type { Caller } from "../identity/caller.ts";
import { OVER } from "../over.ts";
import type { Services } from "./services.ts";
import { shuttingDown } from "./shutting-down.ts";

/** A stream that has its place among those of its caller. */
export interface OpenCall {
  /** Aborted when the caller leaves, with their signal's reason, and when the server stops, with a Failure SERVER_SHUTDOWN; by whoever else ends the stream, with why. */
  readonly stop: AbortController;
  /** Gives the place back, and ends what still goes on behind the stream. */
  close(): void;
}

/**
 * Begins a stream. Whoever begins one has to close it.
 *
 * @param signal aborted when the caller leaves.
 * @throws Failure TOO_MANY_STREAMS.
 */
export function openCall(
  { slots, shutdown }: Pick<Services, "slots" | "shutdown">,
  caller: Caller,
  signal: AbortSignal,
): OpenCall {
  const leave = slots.enter(caller);
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  const onShutdown = (): void => stop.abort(shuttingDown());
  signal.addEventListener("abort", onAbort);
  shutdown.addEventListener("abort", onShutdown);
  if (signal.aborted) onAbort();
  else if (shutdown.aborted) onShutdown();
  return {
    stop,
    close() {
      signal.removeEventListener("abort", onAbort);
      shutdown.removeEventListener("abort", onShutdown);
      stop.abort(OVER);
      leave();
    },
  };
}
