import { setImmediate as nextTurn } from "node:timers/promises";

/** Few enough that even objects made to be slow occupy the event loop only for some milliseconds. */
const AT_ONCE = 4;

/**
 * Calls a function for each object, and yields to the event loop after every few: whoever writes an object decides what
 * it costs.
 */
export async function eachInTurns<T>(objects: readonly T[], act: (object: T) => unknown): Promise<void> {
  for (const [index, object] of objects.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
    act(object);
  }
}
