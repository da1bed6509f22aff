/** A source of bytes that counts its reads and records whether it was closed. */
export interface ByteSource extends AsyncIterable<Uint8Array> {
  /** The number of requested pieces. */
  readonly asked: number;
  /** Whether the reader has left, or the end was reached. */
  readonly closed: boolean;
}

/** Yields these pieces, with texts as UTF-8. An error is thrown, a promise is awaited first. */
export function byteSource(
  pieces: Iterable<Uint8Array | string | Error | Promise<Uint8Array | string | Error>>,
): ByteSource {
  let asked = 0;
  let closed = false;
  const give = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (const waited of pieces) {
        asked += 1;
        const piece = await waited;
        if (piece instanceof Error) throw piece;
        yield typeof piece === "string" ? Buffer.from(piece) : piece;
      }
    } finally {
      closed = true;
    }
  };
  return {
    [Symbol.asyncIterator]: give,
    get asked() {
      return asked;
    },
    get closed() {
      return closed;
    },
  };
}

/** Splits bytes into pieces of these lengths, repeatedly. The rest is the last piece. */
export function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = Math.max(1, lengths[turn % lengths.length] ?? bytes.length);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** Everything that was read, and the error that ended it, if any. */
export async function readAll(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly pieces: readonly Uint8Array[]; readonly text: string; readonly error: unknown }> {
  const pieces: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const piece of source) pieces.push(piece);
  } catch (caught) {
    error = caught;
  }
  return { pieces, text: Buffer.concat(pieces).toString("utf8"), error };
}

/** A promise that is settled by the test. */
export interface Gate<T> {
  readonly opened: Promise<T>;
  open(value: T): void;
}

export function createGate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open: (value) => open(value) };
}
