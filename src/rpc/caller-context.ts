import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Caller } from "../identity/caller.ts";

/** The network of the client, by which clients without a token are limited. Empty: unknown. */
export const CLIENT_NETWORK = createContextKey("", { description: "client network" });

/** Whether the browser uses TLS, to us or to a proxy in front of us. */
export const USES_TLS = createContextKey(false, { description: "whether the browser uses TLS" });

const CALLER = createContextKey<Caller | undefined>(undefined, { description: "caller" });

/** Sets the caller for the handler. */
export function setCaller(values: ContextValues, caller: Caller): void {
  values.set(CALLER, caller);
}

/**
 * The caller.
 *
 * @throws Error in a public method, which does not authenticate.
 */
export function callerOf(values: ContextValues): Caller {
  const caller = values.get(CALLER);
  if (caller === undefined) throw new Error("no caller was authenticated for this call");
  return caller;
}
