import type { Dispatcher } from "undici";
import type { Clock } from "../clock.ts";
import type { TlsSettings } from "../egress/egress.ts";
import type { HttpConnections, HttpTimeouts } from "../egress/http-connections.ts";
import type { Secret } from "../secret.ts";
import type { Sleep } from "../sleep.ts";
import { readHttpBody } from "./http-body.ts";
import { requestFailure } from "./http-failure.ts";
import { LokiPage, readPage, readSeries } from "./loki-page.ts";
import { type LokiLabels, splitQuery } from "./loki-query.ts";
import { SourceError } from "./source-error.ts";

export interface LokiClientOptions {
  /** The source's name, for errors. */
  readonly source: string;
  readonly connections: HttpConnections;
  readonly timeouts: HttpTimeouts;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

/** What the requests for one log have in common. */
export interface LokiSession {
  /** Loki's address, without `/loki/api/v1`. */
  readonly base: URL;
  readonly headers: Readonly<Record<string, string | Secret>>;
  readonly tls: TlsSettings | undefined;
  readonly signal: AbortSignal;
}

/** A query for lines of a time range. Times are nanoseconds since 1970. */
export interface LokiRange {
  readonly query: string;
  readonly from: bigint;
  /** Lines of this time are not in the range. */
  readonly to: bigint;
  readonly direction: "forward" | "backward";
  /** The most lines that are needed. Default: as many as fit into a page. */
  readonly lines?: number;
  /** Whether as many lines are needed as Loki gives at once, even if they do not fit into a page. */
  readonly most?: boolean;
  /** Where to read the answer. Its page must not be used after the next answer. Default: memory of its own. */
  readonly scratch?: Scratch;
}

/** Memory for answers, which grows with them: memory of its own for each lives until the next full collection. */
export interface Scratch {
  bytes: Buffer;
}

/** Some lines of a range: the first ones or, backward, the last ones. */
export interface LokiAnswer {
  /** In order of time, whatever the direction. */
  readonly page: LokiPage;
  /** Whether there may be more. */
  readonly isFull: boolean;
}

/** Loki's own default of `max_entries_limit_per_query`. */
const FIRST_LINES = 5_000;
/** More than any Loki gives, which then says how many it does give. */
const MOST_LINES = 1_000_000;
/** Pages of long lines have fewer of them. */
const PAGE_BYTES = 1024 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
const FIRST_BYTES = 16 * 1024;
const ERROR_BYTES = 8 * 1024;
/** How often a request is repeated that Loki had too many of, and how long that may take each time. */
const THROTTLED_TRIES = 4;
const THROTTLED_MS = 30_000;
const MAX_ENTRIES = /max_entries_limit\w* \(\d+ > (\d+)\)/;

/** Asks one Loki. It remembers how many lines Loki gives at once. */
export class LokiClient {
  readonly #options: LokiClientOptions;
  /** The most lines that Loki gives, as far as known. */
  #maxEntries = Number.POSITIVE_INFINITY;
  /** How many lines fit into a page. */
  #pageLines = FIRST_LINES;

  constructor(options: LokiClientOptions) {
    this.#options = options;
  }

  /** @throws SourceError; the reason of the session's signal. */
  async queryRange(session: LokiSession, range: LokiRange): Promise<LokiAnswer> {
    const { query, from, to, direction, lines = Number.POSITIVE_INFINITY, most = false, scratch } = range;
    if (to <= from) return { page: new LokiPage(), isFull: false };
    for (let wanted = most ? MOST_LINES : Math.min(lines, this.#pageLines); ; ) {
      const limit = Math.min(wanted, this.#maxEntries);
      const parameters = { query, start: `${from}`, end: `${to}`, limit: `${limit}`, direction };
      const { status, body } = await this.#ask(session, "query_range", parameters);
      if (status === 400) {
        const said = await this.#readWords(session, body);
        const max = Number(MAX_ENTRIES.exec(said)?.[1] ?? 0);
        if (max === 0 || max >= limit) throw this.#refusal(status, said);
        this.#maxEntries = max;
        continue;
      }
      const bytes = await this.#read(session, body, most || limit === 1 ? MOST_BYTES : PAGE_BYTES, scratch);
      if (bytes === undefined) {
        if (limit === 1) throw this.#fail("refused", `has a line that is longer than ${MOST_BYTES / 1024 ** 2} MiB`);
        wanted = Math.ceil(limit / 4);
        if (!most) this.#pageLines = wanted;
        continue;
      }
      const size = bytes.length;
      const { page, count } = this.#parse(() => readPage(bytes, direction));
      const isFull = count >= limit;
      // The lines were longer before.
      if (isFull && limit === this.#pageLines && size < PAGE_BYTES / 4) {
        this.#pageLines = Math.min(FIRST_LINES, 2 * limit);
      }
      return { page, isFull };
    }
  }

  /** The streams that a query reads and that have lines of about this time. */
  async series(session: LokiSession, query: string, from: bigint, to: bigint): Promise<readonly LokiLabels[]> {
    const parameters = { "match[]": splitQuery(query).selector, start: `${from}`, end: `${to}` };
    const { status, body } = await this.#ask(session, "series", parameters);
    if (status !== 200) throw this.#refusal(status, await this.#readWords(session, body));
    const bytes = await this.#read(session, body, MOST_BYTES);
    if (bytes === undefined) throw this.#fail("refused", "has too many streams for one log");
    return this.#parse(() => readSeries(bytes.toString()));
  }

  /** Settles with the answer if its status is 200 or 400. */
  async #ask(
    session: LokiSession,
    endpoint: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly body: Dispatcher.ResponseData["body"] }> {
    const { source, connections, timeouts, clock, sleep } = this.#options;
    const { base, headers: own, tls, signal } = session;
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/, "")}/loki/api/v1/${endpoint}`;
    url.search = new URLSearchParams(parameters).toString();
    // Newer servers would split streams by what they guess about lines.
    const headers = { "x-loki-response-encoding-flags": "categorize-labels", ...own };
    for (let tries = 1; ; tries += 1) {
      const answer = await connections.get(url, { headers, tls, signal }).catch((cause: unknown) => {
        signal.throwIfAborted();
        throw requestFailure(source, cause, timeouts);
      });
      const { statusCode: status, headers: received, body } = answer;
      if (status === 200 || status === 400) return { status, body };
      const said = await this.#readWords(session, body).catch(() => "");
      signal.throwIfAborted();
      const waitMs = retryAfterMs(received["retry-after"], clock.now()) ?? 500 * 2 ** tries;
      if (status !== 429 || tries === THROTTLED_TRIES || waitMs > THROTTLED_MS) throw this.#refusal(status, said);
      await sleep(waitMs, signal);
    }
  }

  /** Reads a body. `undefined`: it is longer. */
  async #read(
    { signal }: LokiSession,
    body: Dispatcher.ResponseData["body"],
    maxBytes: number,
    scratch: Scratch = { bytes: Buffer.allocUnsafeSlow(FIRST_BYTES) },
  ): Promise<Buffer | undefined> {
    const { source, timeouts } = this.#options;
    let { bytes } = scratch;
    let length = 0;
    // Copied on arrival, so that each piece can be collected at once.
    for await (const piece of readHttpBody(body, { source, idleMs: timeouts.idleMs, signal })) {
      if (length + piece.length > maxBytes) return undefined;
      if (length + piece.length > bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(2 * bytes.length, length + piece.length));
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
        scratch.bytes = larger;
      }
      bytes.set(piece, length);
      length += piece.length;
    }
    return bytes.subarray(0, length);
  }

  /** Reads an error, which is one sentence. */
  async #readWords(session: LokiSession, body: Dispatcher.ResponseData["body"]): Promise<string> {
    return (await this.#read(session, body, ERROR_BYTES))?.toString() ?? "";
  }

  #parse<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw this.#fail("unavailable", "sent something that is not an answer of Loki to a query for lines", { cause });
    }
  }

  #refusal(httpStatus: number, said: string): SourceError {
    // Loki repeats the query, so its words are only for the server's own log.
    const details = { httpStatus, cause: new Error(`Loki answered ${httpStatus}: ${said.trim().slice(0, 500)}`) };
    if (httpStatus === 429) return this.#fail("unavailable", "answered 429: it has too many requests", details);
    if (httpStatus >= 500) return this.#fail("unavailable", `answered ${httpStatus}`, details);
    if (httpStatus === 400) return this.#fail("refused", "answered 400: it does not accept the query", details);
    if (httpStatus === 404) return this.#fail("refused", "answered 404: its address is not that of a Loki", details);
    if (httpStatus >= 300 && httpStatus < 400)
      return this.#fail("refused", `answered ${httpStatus}`, { ...details, fault: "redirect" });
    return this.#fail("refused", `answered ${httpStatus}`, details);
  }

  #fail(...[outcome, did, details]: [SourceError["outcome"], string, ConstructorParameters<typeof SourceError>[3]?]) {
    return new SourceError(this.#options.source, outcome, did, details);
  }
}

/** Seconds, or a date. */
function retryAfterMs(header: string | readonly string[] | undefined, now: number): number | undefined {
  const text = typeof header === "string" ? header : header?.[0];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
