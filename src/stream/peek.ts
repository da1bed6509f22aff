/** The first bytes of a source, and the source with them put back. */
export interface Peeked {
  /** The first bytes. Fewer than requested only if the source ended or failed. */
  readonly head: Uint8Array;
  /** The whole source, including the head, in the same pieces. An error comes after the bytes before it. */
  readonly whole: AsyncIterableIterator<Uint8Array>;
  /** What the source threw after the head. */
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Reads pieces until `enough` returns true for the bytes so far, or the source ends, without consuming them.
 *
 * Never throws: the reader of `whole` receives the source's error, and closes the source by leaving it, even before the
 * first piece.
 *
 * @param enough called after each piece, with at least one byte. Default: one piece is enough. It must bound the bytes
 * that are held.
 */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  enough: (head: Uint8Array) => boolean = () => true,
): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let head: Uint8Array = new Uint8Array(0);
  let failed: { readonly error: unknown } | undefined;
  let ended = false;
  try {
    while (pieces.length === 0 || !enough(head)) {
      const next = await iterator.next();
      if (next.done === true) {
        ended = true;
        break;
      }
      if (next.value.length === 0) continue;
      pieces.push(next.value);
      head = pieces.length === 1 ? next.value : Buffer.concat([head, next.value]);
    }
  } catch (error) {
    failed = { error };
  }

  const whole: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => whole,
    next() {
      const value = pieces.shift();
      if (value !== undefined) return Promise.resolve({ done: false, value });
      if (failed !== undefined) {
        const { error } = failed;
        failed = undefined;
        ended = true;
        return Promise.reject(error);
      }
      return ended ? Promise.resolve({ done: true, value: undefined }) : iterator.next();
    },
    async return() {
      pieces.length = 0;
      failed = undefined;
      if (!ended) await iterator.return?.();
      ended = true;
      return { done: true, value: undefined };
    },
  };
  return { head, whole, failure: failed };
}
