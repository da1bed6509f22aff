import * as z from "zod";
import type { FlowChecks } from "../identity/code-flow.ts";
import type { Secret } from "../secret.ts";
import { createSealer, type Sealer } from "./sealer.ts";
import { clearCookie, cookieName, cookiesIn, setCookie } from "./session-cookie.ts";

/** A sign-in whose user is at the identity provider. The browser that began it keeps it, sealed. */
export interface PendingSignIn extends FlowChecks {
  /** The name of the provider. */
  readonly provider: string;
  /** The path of this server to go to then, with its query and fragment. */
  readonly next: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** How long a user may take at the provider. */
export const PENDING_MS = 10 * 60_000;
/** Beyond that, the others of this browser are forgotten. */
const AT_ONCE = 4;
const NAME = "taffrail-sign-in-";

const Text = z.string().min(1);
const Shape = z.strictObject({
  redirectUri: Text,
  state: Text,
  nonce: Text,
  verifier: Text,
  provider: Text,
  next: Text,
  expiresAt: z.number(),
});

/** Seals sign-ins. What is sealed is no session. */
export function createPendingSignIns(keys: readonly Secret[]): Sealer<PendingSignIn> {
  return createSealer({ keys, purpose: "taffrail sign-in v1", shape: Shape });
}

/** The name of a sign-in's cookie: tabs may sign in at once. `undefined`: nobody's state looks like that. */
function nameOf(state: string, secure: boolean): string | undefined {
  const begin = /^[-\w]{8}/.exec(state)?.[0];
  return begin === undefined ? undefined : cookieName(NAME + begin, secure);
}

/** The sealed sign-in with this state in a `cookie` header. */
export function pendingCookie(header: string | null, state: string, secure: boolean): string | undefined {
  const name = nameOf(state, secure);
  return name === undefined ? undefined : cookiesIn(header).get(name);
}

/**
 * The `set-cookie` headers that store a sign-in.
 *
 * @param before the `cookie` header of the request: with too many others, these are deleted.
 */
export function setPendingCookie(
  sealed: string,
  state: string,
  secure: boolean,
  before: string | null,
): readonly string[] {
  const others = [...cookiesIn(before).keys()].filter((each) => each.startsWith(cookieName(NAME, secure)));
  const set = setCookie(NAME + state.slice(0, 8), sealed, secure, PENDING_MS / 1_000);
  return others.length < AT_ONCE ? [set] : [...others.map(clearCookie), set];
}

/** The `set-cookie` headers that delete a sign-in. */
export function clearPendingCookie(state: string, secure: boolean): readonly string[] {
  const name = nameOf(state, secure);
  return name === undefined ? [] : [clearCookie(name)];
}
