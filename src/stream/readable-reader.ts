import type { Readable } from "node:stream";

/**
 * Reads a Node stream without its iterator, which discards what is still buffered when the stream fails
 * (https://github.com/nodejs/node/issues/29428): here, the bytes before the error can be taken first.
 */
export class ReadableReader {
  readonly #stream: Readable;
  #state: { readonly kind: "open" | "ended" } | { readonly kind: "failed"; readonly error: unknown } = { kind: "open" };
  #wake: () => void = () => {};

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on("readable", () => this.wake());
    stream.once("end", () => this.#settle({ kind: "ended" }));
    stream.on("error", (error: unknown) => this.#settle({ kind: "failed", error }));
    stream.once("close", () => {
      // An error with its stack costs more than all else here, and every stream is closed.
      if (this.#state.kind !== "open") return;
      this.#settle({ kind: "failed", error: new Error("The stream was closed before it ended.") });
    });
  }

  /** Takes what is buffered; `undefined` if nothing is. */
  take(): Uint8Array | undefined {
    return (this.#stream.read() as Buffer | null) ?? undefined;
  }

  /**
   * Whether the stream has ended. Call it when there is nothing to take.
   *
   * @throws the stream's error.
   */
  ended(): boolean {
    if (this.#state.kind === "failed") throw this.#state.error;
    return this.#state.kind === "ended";
  }

  /** Waits for the next change: bytes, the end, an error or a call of `wake`. For one caller at a time. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Resolves `changed`. */
  wake(): void {
    this.#wake();
  }

  #settle(state: { readonly kind: "ended" } | { readonly kind: "failed"; readonly error: unknown }): void {
    if (this.#state.kind === "open") this.#state = state;
    this.wake();
  }
}
