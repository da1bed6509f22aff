import { Failure } from "../failure.ts";

/** The open streams of methods that need no token: limited in total and for each client's network. */
export class PublicStreams {
  readonly #limits: { readonly total: number; readonly perAddress: number };
  readonly #byNetwork = new Map<string, number>();
  #total = 0;

  constructor(limits: { readonly total: number; readonly perAddress: number }) {
    this.#limits = limits;
  }

  /**
   * Adds a stream, unless that exceeds a limit.
   *
   * @returns a function that removes it, to be called once.
   * @throws Failure TOO_MANY_STREAMS, which names the limit.
   */
  add(network: string): () => void {
    const own = this.#byNetwork.get(network) ?? 0;
    if (own >= this.#limits.perAddress) throw tooMany(`Your address has ${own} streams without a token open`);
    if (this.#total >= this.#limits.total) throw tooMany(`This server has ${this.#total} streams without a token open`);
    this.#total += 1;
    this.#byNetwork.set(network, own + 1);
    return () => {
      this.#total -= 1;
      const rest = (this.#byNetwork.get(network) ?? 0) - 1;
      if (rest > 0) this.#byNetwork.set(network, rest);
      else this.#byNetwork.delete(network);
    };
  }
}

function tooMany(what: string): Failure {
  return new Failure("too-much", "TOO_MANY_STREAMS", `${what}, the limit.`, {
    next: "Close one, then try again. A unary health check needs no stream.",
  });
}
