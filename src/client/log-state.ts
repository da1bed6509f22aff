import type { ConnectError } from "@connectrpc/connect";

/** What a stream does now. */
export type LogState =
  /** The first call is made. */
  | { readonly kind: "connecting" }
  /** The server answers. */
  | { readonly kind: "streaming" }
  /** There is no log yet: the server says what it waits for. */
  | { readonly kind: "waiting"; readonly for: "log"; readonly message: string }
  /** The caller is not known any more: it goes on once somebody has signed in. */
  | { readonly kind: "waiting"; readonly for: "sign-in" }
  /** The stream broke: the next call is made in a moment. */
  | {
      readonly kind: "waiting";
      readonly for: "server";
      /** Which try the next one is, since something came last; counted from 1. */
      readonly tries: number;
      /** How many there are at most. */
      readonly of: number;
      readonly delayMs: number;
      readonly error: ConnectError;
    }
  /** The call is made again. */
  | { readonly kind: "resuming"; readonly tries: number; readonly of: number }
  /** Nothing more comes, for whatever reason. */
  | { readonly kind: "ended" };
