import type { Failure } from "../failure.ts";
import { limitExceeded } from "../limits.ts";
import type { LogSource } from "./source.ts";

/** The share of a source's open logs that one caller may have. */
const SHARE = 4;

/**
 * Limits the number of open logs of a source to its `openLimit`, and that of one caller to a quarter of it, at least
 * one. Further logs are refused: a pool of connections would let them wait without a message, for ever if the others
 * follow their logs.
 *
 * A log counts until the signal that it was opened with is aborted, which its reader must do in the end.
 *
 * @throws (by `open`) Failure SOURCE_BUSY, which names the limit; the reason of the signal if it is already aborted.
 */
export function limitConnections<T extends LogSource>(source: T): T {
  const { name, openLimit } = source;
  const share = Math.ceil(openLimit / SHARE);
  const byCaller = new Map<string, number>();
  let open = 0;

  const count = (caller: string | undefined, more: 1 | -1): void => {
    open += more;
    if (caller === undefined) return;
    const own = (byCaller.get(caller) ?? 0) + more;
    if (own > 0) byCaller.set(caller, own);
    else byCaller.delete(caller);
  };

  return {
    ...source,
    async open(target, signal, options) {
      // A signal that is already aborted would never fire its event.
      signal.throwIfAborted();
      if (open >= openLimit) throw busy(`Source "${name}" has ${open} logs open, which is its limit.`);
      const caller = options?.caller;
      const own = caller === undefined ? 0 : (byCaller.get(caller) ?? 0);
      if (own >= share) {
        throw busy(
          `You have ${own} logs open at source "${name}", the limit for one caller: a quarter of its ${openLimit}.`,
        );
      }
      count(caller, 1);
      const leave = (): void => {
        signal.removeEventListener("abort", leave);
        count(caller, -1);
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

function busy(message: string): Failure {
  return limitExceeded("sources.connections", message, { next: "Wait a moment, then try again." });
}
