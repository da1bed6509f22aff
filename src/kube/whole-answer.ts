import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { NO_LONGER_NEEDED } from "../abort.ts";
import { tooLarge, unavailable } from "./answer.ts";

/** A response with its whole body. */
export interface WholeAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Limits on a body. */
export interface AnswerLimits {
  readonly bytes: number;
  /** From the headers to the end: it might trickle in for ever. */
  readonly ms: number;
}

/**
 * Collects a whole response directly from the connection: the `Readable` that undici's `request` creates costs more
 * than the rest of a small GET.
 *
 * Pass it to `dispatch` once.
 */
export class WholeAnswerHandler implements Dispatcher.DispatchHandler {
  /**
   * Rejects with Failure KUBERNETES_UNAVAILABLE if the response is too large or takes too long; with the error of the
   * connection; immediately with the reason of the signal.
   */
  readonly answer: Promise<WholeAnswer>;
  readonly #limits: AnswerLimits;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (answer: WholeAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #parts: Buffer[] = [];
  #size = 0;
  #statusCode = 0;
  #headers: IncomingHttpHeaders = {};
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settled = false;

  constructor(limits: AnswerLimits, signal: AbortSignal | undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<WholeAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#limits = limits;
    this.#signal = signal;
    if (signal?.aborted) this.#leave();
    else signal?.addEventListener("abort", this.#leave, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(NO_LONGER_NEEDED);
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    // Informational responses may precede the final one.
    if (statusCode < 200) return;
    this.#statusCode = statusCode;
    this.#headers = headers;
    const late = (): void => this.#fail(unavailable("The Kubernetes API server took too long to respond."));
    this.#timer = setTimeout(late, this.#limits.ms);
  }

  onResponseData(_: Dispatcher.DispatchController, part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#limits.bytes) this.#fail(tooLarge());
    else this.#parts.push(part);
  }

  onResponseEnd(): void {
    if (!this.#settle()) return;
    const [first = Buffer.alloc(0)] = this.#parts;
    const body = this.#parts.length > 1 ? Buffer.concat(this.#parts, this.#size) : first;
    this.#resolve({ statusCode: this.#statusCode, headers: this.#headers, text: body.toString("utf8") });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #leave = (): void => this.#fail(this.#signal?.reason);

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    this.#reject(error);
    this.#controller?.abort(NO_LONGER_NEEDED);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#leave);
    return true;
  }
}
