import type { Readable } from "node:stream";
import { ReadableReader } from "../stream/readable-reader.ts";
import { seconds } from "./http-failure.ts";
import { SourceError } from "./source-error.ts";

export interface HttpBodyOptions {
  /** The name of the source, for what is thrown. */
  readonly source: string;
  /** How long to wait for the next piece, in milliseconds; `undefined`: for ever. */
  readonly idleMs: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The body of an answer, read once. The time between two reads does not count as the store's silence. Leaving ends the connection at once, in the middle
 * of a read too.
 *
 * @throws SourceError `silent` or `unavailable` when the body stops before its end, after all that came; the reason of `signal` when it is aborted.
 */
export function readHttpBody(
  body: Readable,
  { source, idleMs, signal }: HttpBodyOptions,
): AsyncIterableIterator<Uint8Array> {
  const reader = new ReadableReader(body);
  let left = false;

  const ended = (): boolean => {
    signal.throwIfAborted();
    try {
      return left || reader.ended();
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError(source, "unavailable", "broke off before the end of the log", { cause: error });
    }
  };

  const result: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => result,
    async next() {
      for (;;) {
        const value = left || signal.aborted ? undefined : reader.take();
        if (value !== undefined) return { done: false, value };
        if (ended()) return { done: true, value: undefined };
        const timer =
          idleMs === undefined
            ? undefined
            : setTimeout(() => {
                body.destroy(new SourceError(source, "silent", `sent nothing more for ${seconds(idleMs)}`));
              }, idleMs);
        await reader.changed();
        clearTimeout(timer);
      }
    },
    async return() {
      left = true;
      body.destroy();
      reader.wake();
      return { done: true, value: undefined };
    },
  };
  return result;
}
