import type { Secret } from "../secret.ts";

/** What a request to the API server carries: made anew as tokens and certificates rotate. */
export interface KubeCredentials {
  readonly headers: Readonly<Record<string, string | Secret>>;
  readonly tls: KubeTls;
}

/**
 * How the API server proves itself, and how we do. Every value as `tls.connect` takes it, but that a key may be a
 * secret.
 */
export interface KubeTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer | Secret;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Where the API server is and how to get in. */
export interface KubeConnection {
  /** The server's address, perhaps with a path, without a slash at the end. */
  readonly server: string;
  /** An HTTP proxy to go through. */
  readonly proxyUrl?: string;
  credentials(): Promise<KubeCredentials>;
}
