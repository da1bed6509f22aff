/** A source of bytes that a test drives: it tells how often it was asked, and whether it was closed. */
export interface ByteSource extends AsyncIterable<Uint8Array> {
  /** How many pieces were asked for. */
  readonly asked: number;
  /** Whether the reader left, or the end was reached. */
  readonly closed: boolean;
}

/** Gives these pieces, a text as UTF-8, an error by throwing it. A promise is waited for first. */
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

/** Cuts bytes into pieces of these lengths, over and over; the rest is the last piece. */
export function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = Math.max(1, lengths[turn % lengths.length] ?? bytes.length);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** Everything that came, and what it ended with. */
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

/** A promise that a test settles. */
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
