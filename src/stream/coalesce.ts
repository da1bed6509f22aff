import { cutLength } from "./characters.ts";

const MAX_BYTES = 256 * 1024;
/** The first piece is no larger, and each next one is at most twice as large: what is cut again and again gets on all the same, and the first lines are there soon. */
const FIRST_BYTES = 16 * 1024;

type State = { readonly kind: "open" | "ended" | "left" } | { readonly kind: "failed"; readonly error: unknown };

/**
 * Reads ahead while its consumer is busy, and hands over in one piece what came meanwhile. What is there when the consumer asks goes out at once:
 * nothing waits to become larger.
 *
 * Pieces are cut between characters of UTF-8. A failure of the source comes after the bytes that came before it. Whoever leaves is let go at once: a
 * source that is in the middle of a read is told to close, but not waited for.
 *
 * @param maxBytes the size of the largest piece, which is reached after some smaller ones, and how much is read ahead before the source has to wait (one piece of the source beyond it is held at
 *   most). Default: 256 KiB. At least 4.
 */
export function coalesce(source: AsyncIterable<Uint8Array>, maxBytes = MAX_BYTES): AsyncIterableIterator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let pieces: Uint8Array[] = [];
  let size = 0;
  let most = Math.min(FIRST_BYTES, maxBytes);
  let reading = false;
  let state: State = { kind: "open" };
  let change: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  const changed = (): Promise<void> => {
    if (change === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      change = { promise, resolve };
    }
    return change.promise;
  };
  const tell = (): void => {
    change?.resolve();
    change = undefined;
  };

  const readAhead = (): void => {
    if (reading || state.kind !== "open" || size >= maxBytes) return;
    reading = true;
    void iterator
      .next()
      .then(
        (next) => {
          if (state.kind !== "open") return;
          if (next.done === true) state = { kind: "ended" };
          else add(next.value);
        },
        (error: unknown) => {
          if (state.kind === "open") state = { kind: "failed", error };
        },
      )
      .then(() => {
        reading = false;
        readAhead();
        tell();
      });
  };

  const add = (piece: Uint8Array): void => {
    size += piece.length;
    let rest = piece;
    while (rest.length > 0) {
      const length = cutLength(rest, most);
      pieces.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };

  /** The pieces from the front that fit into one. */
  const take = (): Uint8Array => {
    let count = 0;
    let length = 0;
    for (const piece of pieces) {
      if (length + piece.length > most) break;
      length += piece.length;
      count += 1;
    }
    const taken = pieces.slice(0, count);
    pieces = pieces.slice(count);
    size -= length;
    most = Math.min(2 * most, maxBytes);
    const [only] = taken;
    return only !== undefined && count === 1 ? only : Buffer.concat(taken, length);
  };

  const result: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => result,
    async next() {
      while (size === 0 && state.kind === "open") {
        readAhead();
        await changed();
      }
      if (size > 0) {
        const value = take();
        readAhead();
        return { done: false, value };
      }
      if (state.kind === "failed") {
        const { error } = state;
        state = { kind: "ended" };
        throw error;
      }
      return { done: true, value: undefined };
    },
    async return() {
      const wasOpen = state.kind === "open";
      state = { kind: "left" };
      pieces = [];
      size = 0;
      tell();
      if (wasOpen) {
        const closed = Promise.resolve(iterator.return?.());
        if (reading) closed.catch(() => {});
        else await closed;
      }
      return { done: true, value: undefined };
    },
  };
  return result;
}
