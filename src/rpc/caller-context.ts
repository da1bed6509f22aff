import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Caller } from "../identity/caller.ts";

const CALLER = createContextKey<Caller | undefined>(undefined, { description: "who calls" });

/** Notes who calls, for the handler. */
export function setCaller(values: ContextValues, caller: Caller): void {
  values.set(CALLER, caller);
}

/**
 * Who calls.
 *
 * @throws Error when nobody was asked for a token: a handler of a public method has no caller.
 */
export function callerOf(values: ContextValues): Caller {
  const caller = values.get(CALLER);
  if (caller === undefined) throw new Error("no caller was authenticated for this call");
  return caller;
}
