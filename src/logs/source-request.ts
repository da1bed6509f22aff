import { NO_LONGER_NEEDED } from "../abort.ts";
import type { LogSource, LogTarget, OpenedLog, OpenOptions } from "../sources/source.ts";

/** One request to a source. Its signal is aborted when the log has been read, or is no longer needed. */
export class SourceRequest {
  readonly #stop = new AbortController();
  readonly #parent: AbortSignal;
  readonly #onAbort = (): void => this.#stop.abort(this.#parent.reason);

  /** @param signal aborted when the reader leaves. */
  constructor(signal: AbortSignal) {
    this.#parent = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Ends the request. Can be called again. */
  close(): void {
    this.#parent.removeEventListener("abort", this.#onAbort);
    if (!this.#stop.signal.aborted) this.#stop.abort(NO_LONGER_NEEDED);
  }
}

/** Requests one log from one source, whole or in part. */
export class SourceRequests {
  readonly #source: LogSource;
  readonly #target: LogTarget;
  readonly #signal: AbortSignal;

  constructor(source: LogSource, target: LogTarget, signal: AbortSignal) {
    this.#source = source;
    this.#target = target;
    this.#signal = signal;
  }

  get source(): LogSource {
    return this.#source;
  }

  /** @throws SourceError; the signal's reason. */
  async open(options?: OpenOptions): Promise<{ readonly log: OpenedLog; readonly request: SourceRequest }> {
    const request = new SourceRequest(this.#signal);
    try {
      return { log: await this.#source.open(this.#target, request.signal, options), request };
    } catch (error) {
      request.close();
      throw error;
    }
  }
}
