import { Code, ConnectError } from "@connectrpc/connect";
import { systemTimer } from "../../client/sleep.ts";
import { CliError, EXIT } from "../exit.ts";
import { LockTimeoutError, withFileLock } from "../file-lock.ts";
import type { CliIo } from "../io.ts";
import { readKargoToken } from "./kargo-token.ts";
import {
  issuersTime,
  justIssued,
  readSignIn,
  type SignInOf,
  type StoredSignIn,
  signInPath,
  writeSignIn,
} from "./stored-sign-in.ts";
import { expiryOf, isDue, isExpired } from "./token-claims.ts";

/** Longer than a provider may take, in milliseconds. */
const LOCK_MS = 35_000;
/** How long a kubeconfig's token that does not tell its expiry is used, in milliseconds. */
const OPAQUE_MS = 60_000;
/** How long a renewal may go on after the user has interrupted, in milliseconds: a refresh token may work once. */
const GRACE_MS = 1_000;

/** A sign-in: of a context, to a server. */
export interface SignInRef {
  readonly context: string;
  /** Its address, without a trailing slash. */
  readonly server: string;
}

/** What this needs of a command. */
export type SignInIo = Pick<CliIo, "env" | "say" | "signal" | "timer" | "now" | "ask">;

/**
 * Runs work while no other process changes the sign-in of a context.
 *
 * @throws CliError if another process does so for too long; what the work throws.
 */
export async function withSignInLock<T>(
  context: string,
  { env, timer = systemTimer, signal }: SignInIo,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await withFileLock(`${signInPath(env, context)}.lock`, { timer, waitMs: LOCK_MS, signal }, work);
  } catch (error) {
    if (!(error instanceof LockTimeoutError)) throw error;
    throw new CliError(EXIT.other, "another taffrail process has been renewing the sign-in for too long", [
      "try     again, or end that process",
    ]);
  }
}

/**
 * Returns the token of a context's sign-in, each time it is called. One that is about to expire is renewed, by one
 * process at a time; while that fails, the old one is used until it expires.
 *
 * @param server the only one that gets the token: by then, the user may have signed in to another one by this context.
 * @param renews whether to renew it. Otherwise, it fails when the token has expired.
 * @throws ConnectError Unauthenticated, caused by the CliError to print.
 */
export function signInToken(
  { context, server }: SignInRef,
  io: SignInIo,
  { renews = true } = {},
): () => Promise<string> {
  const ref = { context, server };
  let pending: Promise<string> | undefined;
  /** Of a kubeconfig's user who is not a ServiceAccount. */
  let own: { readonly token: string; readonly until: number } | undefined;
  const renewing = (work: () => Promise<string>): Promise<string> => {
    pending ??= work().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const tokenOf = async (signIn: StoredSignIn): Promise<string> => {
    const time = issuersTime(signIn, io);
    switch (signIn.kind) {
      case "token":
        if (isExpired(signIn.token, now(io))) throw signedOut("the token has expired");
        return signIn.token;
      case "kargo":
        return readKargoToken(signIn.file, now(io));
      case "oidc":
        if (!isDue(signIn.idToken, time)) return signIn.idToken;
        if (!renews) return unlessExpired(signIn.idToken, time);
        return renewing(() => renew(ref, io, signIn.idToken));
      case "kubeconfig": {
        const known = signIn.issued ?? (own !== undefined && own.until > now(io) ? own.token : undefined);
        if (known !== undefined && !isDue(known, time)) return known;
        if (!renews) return unlessExpired(known, time);
        return renewing(async () => {
          const token = await renew(ref, io, known);
          own = { token, until: expiryOf(token) ?? now(io) + OPAQUE_MS };
          return token;
        });
      }
    }
  };
  return async () => {
    try {
      return await tokenOf(readOwn(ref, io));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw new ConnectError(error.message, Code.Unauthenticated, undefined, undefined, error);
    }
  };
}

/** Reads the sign-in to a server. @throws CliError if the context has none, or one to another server. */
function readOwn({ context, server }: SignInRef, io: SignInIo): StoredSignIn {
  const signIn = readSignIn(io, context);
  if (signIn === undefined) throw signedOut("you have signed out");
  if (signIn.server !== server) throw signedOut("you have signed in to another server by this context");
  return signIn;
}

/** The error for a sign-in that is over. */
export function signedOut(message: string): CliError {
  return new CliError(EXIT.denied, message, ["try     taffrail login"]);
}

function unlessExpired(token: string | undefined, now: number): string {
  if (token === undefined || isExpired(token, now)) throw signedOut("the sign-in has expired");
  return token;
}

/** @param old the token that is about to expire; `undefined`: no token has been issued yet. */
async function renew(ref: SignInRef, io: SignInIo, old: string | undefined): Promise<string> {
  const grace = graceOf(io);
  try {
    return await withSignInLock(ref.context, io, () => renewLocked(ref, io, grace.signal));
  } catch (error) {
    io.signal.throwIfAborted();
    // The next call tries again.
    const signIn = readSignIn(io, ref.context);
    const isUsable = signIn?.server === ref.server && old !== undefined && !isExpired(old, issuersTime(signIn, io));
    if (isUsable) return old;
    throw error;
  } finally {
    grace.end();
  }
}

/** Renews the sign-in, unless another process has. */
async function renewLocked(ref: SignInRef, io: SignInIo, signal: AbortSignal): Promise<string> {
  const { context } = ref;
  const signIn = readOwn(ref, io);
  if (signIn.kind === "oidc") return renewOidc(signIn);
  if (signIn.kind === "kubeconfig") return renewKube(signIn);
  throw signedOut("you have signed in in another way");

  async function renewOidc(known: SignInOf<"oidc">): Promise<string> {
    if (!isDue(known.idToken, issuersTime(known, io))) return known.idToken;
    if (known.refreshToken === undefined) throw signedOut("the sign-in has expired");
    // The library is loaded only where it is needed.
    const { refreshOidc } = await import("./refresh-oidc.ts");
    const { kind, signIn: renewed } = await refreshOidc(known, known.refreshToken, io, signal);
    writeSignIn(io.env, context, kind === "renewed" ? justIssued(renewed, io) : renewed);
    if (kind === "refused") throw signedOut("the sign-in has ended: the identity provider no longer renews it");
    return renewed.idToken;
  }

  async function renewKube(known: SignInOf<"kubeconfig">): Promise<string> {
    if (known.issued !== undefined && !isDue(known.issued, issuersTime(known, io))) return known.issued;
    const { kubeToken } = await import("./kube-token.ts");
    const { kubeconfig, kubeContext, audiences } = known;
    const { token, isIssued } = await kubeToken({ kubeconfig, kubeContext }, audiences, { ...io, signal });
    if (isIssued) writeSignIn(io.env, context, justIssued({ ...known, issued: token }, io));
    return token;
  }
}

function now({ now: read = Date.now }: SignInIo): number {
  return read();
}

/** A signal that is aborted a moment after the user's. */
function graceOf({ signal, timer = systemTimer }: SignInIo): { readonly signal: AbortSignal; end(): void } {
  const late = new AbortController();
  let cancel: (() => void) | undefined;
  const onAbort = (): void => {
    cancel = timer(GRACE_MS, () => late.abort(signal.reason));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    signal: late.signal,
    end() {
      signal.removeEventListener("abort", onAbort);
      cancel?.();
    },
  };
}
