import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import { KeyedCounter } from "../keyed-counter.ts";
import { type LimitName, limitExceeded } from "../limits.ts";
import { createRate, type Rate, type Refused, takeOrThrow } from "../rate.ts";

export interface PublicStreamsOptions {
  /** How many may be open. */
  readonly total: number;
  /** How many of one network may be open. */
  readonly perAddress: number;
  /** How many requests a network may make in them per minute. */
  readonly requestsPerAddress: number;
  readonly clock: Clock;
}

/** The streams of methods that need no token: limited in total and for each client's network. */
export class PublicStreams {
  readonly #limits: PublicStreamsOptions;
  readonly #open = new KeyedCounter();
  readonly #requests: Rate;

  constructor(options: PublicStreamsOptions) {
    this.#limits = options;
    this.#requests = createRate({ perKey: options.requestsPerAddress }, options.clock);
  }

  /**
   * Counts a request in a stream.
   *
   * @throws Failure TOO_MANY_REQUESTS, which names the limit.
   */
  takeRequest(network: string): void {
    takeOrThrow(this.#requests, network, tooManyRequests);
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

function tooManyRequests({ seconds, perMinute }: Refused): Failure {
  const message = `Your address makes more requests without a token than ${perMinute} per minute, the limit.`;
  const next = `Try again in ${seconds} s.`;
  return limitExceeded("limits.publicRequestsPerAddress", message, { next, retrySeconds: seconds });
}

function tooMany(limit: LimitName, what: string): Failure {
  return limitExceeded(limit, `${what}, the limit.`, {
    next: "Close one, then try again. A unary health check needs no stream.",
  });
}
