import { Failure } from "../failure.ts";
import type { LogSource } from "./source.ts";

/**
 * Holds the number of logs that are open at a source at once to its `openLimit`. It is counted here, and whoever comes
 * too late is told so: a pool of connections would let them wait without a word, for ever where the others follow
 * their logs.
 *
 * A log counts until the signal that it was opened with is aborted, which whoever opens one has to do in the end.
 *
 * @throws (by `open`) Failure SOURCE_BUSY, saying the limit; the reason of the signal where it is aborted already.
 */
export function limitConnections<T extends LogSource>(source: T): T {
  let open = 0;
  return {
    ...source,
    async open(target, signal, options) {
      // Of a signal that was aborted before, nothing would ever be heard.
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
