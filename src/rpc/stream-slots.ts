import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";

/** Counts the streams that are open: logs, and watches of runs. */
export interface StreamSlots {
  /**
   * Takes a slot for a caller's stream.
   *
   * @returns what gives the slot back; calling it again does nothing.
   * @throws Failure TOO_MANY_STREAMS, saying which limit.
   */
  enter(caller: Caller): () => void;
  /** How many are taken. */
  readonly open: number;
}

/**
 * Holds the number of open streams to a limit in all and for each caller, who is told apart by user name.
 *
 * A stream that nobody reads holds up to about a MiB (its source's and its client's buffers), so this bounds the memory of the server too.
 */
export function createStreamSlots(limits: { readonly total: number; readonly perCaller: number }): StreamSlots {
  const open = new Map<string, number>();
  let total = 0;
  return {
    get open() {
      return total;
    },
    enter({ username }) {
      const own = open.get(username) ?? 0;
      if (own >= limits.perCaller)
        throw tooMany(`You have ${own} streams open, which is the most for one caller.`, "Close one");
      if (total >= limits.total)
        throw tooMany(`This server has ${total} streams open, which is the most.`, "Wait a moment");
      open.set(username, own + 1);
      total += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        total -= 1;
        const rest = (open.get(username) ?? 0) - 1;
        if (rest > 0) open.set(username, rest);
        else open.delete(username);
      };
    },
  };
}

function tooMany(message: string, how: string): Failure {
  return new Failure("too-much", "TOO_MANY_STREAMS", message, { next: `${how}, then try again.` });
}
