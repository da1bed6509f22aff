import type { Secret } from "../secret.ts";

/** The credentials of a request to the API server. They change as tokens and certificates rotate. */
export interface KubeCredentials {
  readonly headers: Readonly<Record<string, string | readonly string[] | Secret>>;
  readonly tls: KubeTls;
}

/**
 * TLS settings for the API server and for our client certificate: as in `tls.connect`, but the key may be a secret.
 */
export interface KubeTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer | Secret;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** How to connect to the API server. */
export interface KubeConnection {
  /** The server's URL, possibly with a path, without a trailing slash. */
  readonly server: string;
  /** The HTTP proxy to use. */
  readonly proxyUrl?: string;
  credentials(): Promise<KubeCredentials>;
  /**
   * The API server no longer accepts the credentials: the next ones are requested anew. Absent if they are always
   * current.
   */
  renew?(): void;
  /**
   * Whose credentials they are. `user`: of whoever calls, who is told what the API server denies them, and why it cannot
   * be reached. Default: this server's own, of which callers are told nothing.
   */
  readonly owner?: "server" | "user";
}
