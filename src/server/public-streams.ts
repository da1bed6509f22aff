import type { Failure } from "../failure.ts";
import { KeyedCounter } from "../keyed-counter.ts";
import { type LimitName, limitExceeded } from "../limits.ts";

/** The open streams of methods that need no token: limited in total and for each client's network. */
export class PublicStreams {
  readonly #limits: { readonly total: number; readonly perAddress: number };
  readonly #open = new KeyedCounter();

  constructor(limits: { readonly total: number; readonly perAddress: number }) {
    this.#limits = limits;
  }

  /**
   * Adds a stream, unless that exceeds a limit.
   *
   * @returns a function that removes it; calling it again does nothing.
   * @throws Failure TOO_MANY_STREAMS, which names the limit.
   */
  add(network: string): () => void {
    const own = this.#open.of(network);
    if (own >= this.#limits.perAddress)
      throw tooMany("limits.publicStreamsPerAddress", `Your address has ${own} streams without a token open`);
    const { total } = this.#open;
    if (total >= this.#limits.total)
      throw tooMany("limits.publicStreams", `This server has ${total} streams without a token open`);
    return this.#open.add(network);
  }
}

function tooMany(limit: LimitName, what: string): Failure {
  return limitExceeded(limit, `${what}, the limit.`, {
    next: "Close one, then try again. A unary health check needs no stream.",
  });
}
