import type { Readable } from "node:stream";
import { ReadableReader } from "../stream/readable-reader.ts";
import { seconds } from "./http-failure.ts";
import { SourceError } from "./source-error.ts";

export interface HttpBodyOptions {
  /** The source's name, for errors. */
  readonly source: string;
  /** The idle timeout in milliseconds; `undefined`: none. */
  readonly idleMs: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The body of a response, to be read once. Only time in which a read is pending counts towards the idle timeout.
 * Leaving the loop closes the connection at once, even in the middle of a read.
 *
 * @throws SourceError `silent` or `unavailable` if the body stops before its end, after everything received; the reason
 *   of `signal` when it is aborted.
 */
export function readHttpBody(body: Readable, options: HttpBodyOptions): AsyncIterableIterator<Uint8Array> {
  return new HttpBody(body, options);
}

const END = { done: true, value: undefined } as const;

class HttpBody implements AsyncIterableIterator<Uint8Array> {
  readonly #body: Readable;
  readonly #reader: ReadableReader;
  readonly #options: HttpBodyOptions;
  #left = false;
  /** Whether a read is pending: only then does silence count. */
  #waiting = false;
  /** One timer for all reads: a timer for each would cost more than everything else that is done with a short piece. */
  #idle: NodeJS.Timeout | undefined;

  constructor(body: Readable, options: HttpBodyOptions) {
    this.#body = body;
    this.#reader = new ReadableReader(body);
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const value = this.#left || this.#options.signal.aborted ? undefined : this.#reader.take();
      if (value !== undefined) return { done: false, value };
      if (this.#hasEnded()) {
        clearTimeout(this.#idle);
        return END;
      }
      this.#startIdle();
      this.#waiting = true;
      await this.#reader.changed();
      this.#waiting = false;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#left = true;
    clearTimeout(this.#idle);
    this.#body.destroy();
    this.#reader.wake();
    return END;
  }

  #startIdle(): void {
    const { idleMs, source } = this.#options;
    if (idleMs === undefined) return;
    if (this.#idle !== undefined) {
      this.#idle.refresh();
      return;
    }
    this.#idle = setTimeout(() => {
      if (!this.#waiting) return;
      this.#body.destroy(new SourceError(source, "silent", `sent nothing more for ${seconds(idleMs)}`));
    }, idleMs);
    // Between two reads it holds nothing up.
    this.#idle.unref();
  }

  #hasEnded(): boolean {
    const { signal, source } = this.#options;
    try {
      signal.throwIfAborted();
      return this.#left || this.#reader.ended();
    } catch (error) {
      clearTimeout(this.#idle);
      if (signal.aborted || error instanceof SourceError) throw error;
      throw new SourceError(source, "unavailable", "broke off before the end of the log", { cause: error });
    }
  }
}
