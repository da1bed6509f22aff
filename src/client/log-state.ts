import type { ConnectError } from "@connectrpc/connect";

/** What a stream is doing. */
export type LogState =
  /** The first call is being made. */
  | { readonly kind: "connecting" }
  /** The server responds. */
  | { readonly kind: "streaming" }
  /** There is no log yet: `message` says what it is waiting for. */
  | { readonly kind: "waiting"; readonly for: "log"; readonly message: string }
  /** The server no longer accepts the caller's token: the stream resumes after the next sign-in. */
  | { readonly kind: "waiting"; readonly for: "sign-in" }
  /** The stream broke: the next call is made after `delayMs`. */
  | {
      readonly kind: "waiting";
      readonly for: "server";
      /** The number of the next try, counted from 1 since the last progress. */
      readonly tries: number;
      /** The maximum number of consecutive tries. */
      readonly of: number;
      readonly delayMs: number;
      readonly error: ConnectError;
    }
  /** The next call is being made. */
  | { readonly kind: "resuming"; readonly tries: number; readonly of: number }
  /** The stream is over, for whatever reason. */
  | { readonly kind: "ended" };
