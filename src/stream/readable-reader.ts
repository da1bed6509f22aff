import type { Readable } from "node:stream";

/**
 * Reads a Node stream by hand. Node's own iterator throws away what is still buffered when a stream fails; here the bytes that came before a failure
 * can be taken first.
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
    stream.once("close", () =>
      this.#settle({ kind: "failed", error: new Error("The stream was closed before it ended.") }),
    );
  }

  /** What is buffered, or `undefined` when nothing is. */
  take(): Uint8Array | undefined {
    return (this.#stream.read() as Buffer | null) ?? undefined;
  }

  /**
   * Whether the stream has ended. To be asked when there is nothing to take.
   *
   * @throws what the stream failed with.
   */
  ended(): boolean {
    if (this.#state.kind === "failed") throw this.#state.error;
    return this.#state.kind === "ended";
  }

  /** Waits for the next change: bytes, the end, a failure or a call of `wake`. For one caller at a time. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Ends the wait of `changed`. */
  wake(): void {
    this.#wake();
  }

  #settle(state: { readonly kind: "ended" } | { readonly kind: "failed"; readonly error: unknown }): void {
    if (this.#state.kind === "open") this.#state = state;
    this.wake();
  }
}
