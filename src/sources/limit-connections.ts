import { Failure } from "../failure.ts";
import type { LogSource } from "./source.ts";

/**
 * Limits the number of open logs of a source to its `openLimit`. Further logs are refused: a pool of connections would
 * let them wait without a message, for ever if the others follow their logs.
 *
 * A log counts until the signal that it was opened with is aborted, which its reader must do in the end.
 *
 * @throws (by `open`) Failure SOURCE_BUSY, which names the limit; the reason of the signal if it is already aborted.
 */
export function limitConnections<T extends LogSource>(source: T): T {
  let open = 0;
  return {
    ...source,
    async open(target, signal, options) {
      // A signal that is already aborted would never fire its event.
      signal.throwIfAborted();
      if (open >= source.openLimit) {
        const message = `Source "${source.name}" has ${open} logs open, which is its limit.`;
        throw new Failure("too-much", "SOURCE_BUSY", message, { next: "Wait a moment, then try again." });
      }
      open += 1;
      const leave = (): void => {
        signal.removeEventListener("abort", leave);
        open -= 1;
      };
      signal.addEventListener("abort", leave);
      try {
        return await source.open(target, signal, options);
      } catch (error) {
        if (!signal.aborted) leave();
        throw error;
      }
    },
  };
}
