import { useSyncExternalStore } from "react";
import { BASE_PATH } from "../routing/base-path.ts";

/** Whether a user is signed in, as far as this page knows. */
export type SessionState =
  | { readonly kind: "unknown" }
  | { readonly kind: "in"; readonly user: string }
  /** `again`: a user was signed in, and what is shown stays. */
  | { readonly kind: "out"; readonly again: boolean };

const ADDRESS = `${BASE_PATH}/session`;

let state: SessionState = { kind: "unknown" };
/** Counts sign-ins, so that a refusal from before a sign-in can be told apart. */
let signIns = 0;
const listeners = new Set<() => void>();

/** Whether a user is signed in. */
export function useSession(): SessionState {
  return useSyncExternalStore(subscribe, () => state);
}

/** The number of sign-ins so far; see {@link signedIn}. */
export function countSignIns(): number {
  return signIns;
}

/** Asks the server who is signed in. */
export async function findSession(): Promise<void> {
  try {
    const user = await userOf(await fetch(ADDRESS, { headers: { accept: "application/json" } }));
    become(user === undefined ? { kind: "out", again: false } : { kind: "in", user });
  } catch {
    // The first call to the API will report what is wrong.
    become({ kind: "in", user: "" });
  }
}

/**
 * Starts a session with a token.
 *
 * @throws SignInRefused with the server's message if it refuses the token; TypeError if the server cannot be reached.
 */
export async function signIn(token: string): Promise<void> {
  const response = await fetch(ADDRESS, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw new SignInRefused(await refusal(response));
  signIns += 1;
  const user = (await userOf(response)) ?? (await userOf(await fetch(ADDRESS))) ?? "";
  become({ kind: "in", user });
  tellOtherTabs();
}

/** The server refused a token. */
export class SignInRefused extends Error {}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await fetch(ADDRESS, { method: "DELETE" });
  become({ kind: "out", again: false });
  tellOtherTabs();
}

/** All tabs share one session: takes over sign-ins and sign-outs from other tabs. */
export function followOtherTabs(): void {
  tabs?.addEventListener("message", () => void takeOver());
}

const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("taffrail.session");

function tellOtherTabs(): void {
  tabs?.postMessage("changed");
}

async function takeOver(): Promise<void> {
  const before = state;
  const user = await fetch(ADDRESS, { headers: { accept: "application/json" } }).then(userOf, () => "");
  // The server cannot be reached: the next call will report that.
  if (user === "") return;
  if (user === undefined) return become({ kind: "out", again: false });
  // Another user may not see what is shown.
  if (before.kind === "in" && before.user !== user) return location.reload();
  signIns += 1;
  become({ kind: "in", user });
}

/**
 * Asks the user to sign in again, and waits until they have.
 *
 * @param since the result of {@link countSignIns} before the refused call.
 */
export function signedIn(signal: AbortSignal, since = signIns): Promise<void> {
  if (signIns !== since) return Promise.resolve();
  if (state.kind !== "out") become({ kind: "out", again: state.kind === "in" && state.user !== "" });
  return new Promise((resolve, reject) => {
    const check = (): void => {
      if (state.kind === "in") finish(resolve);
    };
    const abort = (): void => finish(() => reject(signal.reason));
    const finish = (settle: () => void): void => {
      listeners.delete(check);
      signal.removeEventListener("abort", abort);
      settle();
    };
    listeners.add(check);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
  });
}

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function userOf(response: Response): Promise<string | undefined> {
  if (!response.ok || response.status === 204) return undefined;
  const body = (await response.json()) as { readonly username?: unknown };
  return typeof body.username === "string" ? body.username : undefined;
}

async function refusal(response: Response): Promise<string> {
  try {
    const { message } = (await response.json()) as { readonly message?: unknown };
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}
