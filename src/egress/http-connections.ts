import type { Dispatcher } from "undici";
import { abortable } from "../abort.ts";
import { revealText, type Secret } from "../secret.ts";
import { EgressRefused } from "./address-policy.ts";
import type { Egress, TlsSettings } from "./egress.ts";

/** Timeouts, in milliseconds. */
export interface HttpTimeouts {
  /** To establish the connection, including TLS. Default: 5,000. */
  readonly connectMs: number;
  /** From the request to the response's headers. Default: 30,000. */
  readonly headersMs: number;
  /** Between two pieces of the body, while a read is pending. Default: 60,000. */
  readonly idleMs: number;
}

export interface HttpConnectionsOptions {
  readonly egress: Egress;
  /** `scheme://host:port` of all addresses that may be asked, where the operator wrote it. */
  readonly origin: string | undefined;
  /** Whether all hosts are the operator's own text, even without an `origin`. Default: if there is one. */
  readonly written?: boolean;
  readonly timeouts: HttpTimeouts;
}

export interface HttpRequest {
  /** Default: GET. */
  readonly method?: "GET" | "POST";
  readonly body?: string | Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string | Secret>>;
  /** The same object as before, unless the settings have changed: then new connections are made. */
  readonly tls: TlsSettings | undefined;
  readonly signal: AbortSignal;
}

/** The connections to a store: one for each log, so that leaving one closes it, and kept for the next. */
export interface HttpConnections {
  /**
   * Asks one address.
   *
   * @throws EgressRefused, what the connection throws, or the reason of `signal`.
   */
  get(url: URL, request: HttpRequest): Promise<Dispatcher.ResponseData>;
  /**
   * Closes the connections once their answers have been read or left. Nothing can be asked after. May be called again.
   */
  close(): Promise<void>;
}

/** How much of a body is read while its reader is busy, beside what is in the sockets' buffers. */
const READ_AHEAD_BYTES = 128 * 1024;

/** Makes connections to a store as they are needed. */
export function createHttpConnections(options: HttpConnectionsOptions): HttpConnections {
  const { egress, origin, written = origin !== undefined, timeouts } = options;
  let current: { readonly tls: TlsSettings | undefined; readonly agent: Dispatcher } | undefined;
  let closed: Promise<void> | undefined;
  const retired = new Set<Promise<void>>();

  const agentFor = (tls: TlsSettings | undefined): Dispatcher => {
    if (closed !== undefined) throw new Error("The source was closed.");
    if (current === undefined || current.tls !== tls) {
      if (current !== undefined) {
        const done = current.agent.close().finally(() => retired.delete(done));
        retired.add(done);
      }
      const { connectMs, headersMs } = timeouts;
      // undici's own timer for bodies runs while our reader is away; the body's reader has a better one.
      const limits = { connectMs, headersMs, bodyMs: 0 };
      const agent = egress.createAgent({
        written,
        proxied: true,
        tls,
        allowH2: false,
        ...limits,
      });
      current = { tls, agent };
    }
    return current.agent;
  };

  return {
    async get(url, { method = "GET", headers, body, tls, signal }) {
      if (origin !== undefined && url.origin !== origin) {
        throw new EgressRefused(`${url.origin} is not where the source's template leads, which is ${origin}.`);
      }
      const path = url.pathname + url.search;
      const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, revealText(value)]));
      const request = agentFor(tls).request({
        origin: url.origin,
        path,
        method,
        headers: sent,
        ...(body !== undefined && { body }),
        signal,
        highWaterMark: READ_AHEAD_BYTES,
      });
      // undici notices an abort only once the connection stands, or was given up:
      // https://github.com/nodejs/undici/issues/386.
      return abortable(request, signal);
    },
    close() {
      closed ??= Promise.all([...retired, current?.agent.close()]).then(() => undefined);
      return closed;
    },
  };
}
