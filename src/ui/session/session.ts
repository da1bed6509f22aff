import { useSyncExternalStore } from "react";
import { BASE_PATH } from "../routing/base-path.ts";

/** Whether somebody is signed in, as far as this page knows. */
export type SessionState =
  | { readonly kind: "unknown" }
  | { readonly kind: "in"; readonly user: string }
  /** `again`: somebody was, and what is shown stays. */
  | { readonly kind: "out"; readonly again: boolean };

const ADDRESS = `${BASE_PATH}/session`;

let state: SessionState = { kind: "unknown" };
/** Counts sign-ins: what was asked before one says nothing about it. */
let signIns = 0;
const listeners = new Set<() => void>();

/** Whether somebody is signed in. */
export function useSession(): SessionState {
  return useSyncExternalStore(subscribe, () => state);
}

/** How often somebody has signed in; see {@link signedIn}. */
export function countSignIns(): number {
  return signIns;
}

/** Asks the server who is signed in. */
export async function findSession(): Promise<void> {
  try {
    const user = await userOf(await fetch(ADDRESS, { headers: { accept: "application/json" } }));
    become(user === undefined ? { kind: "out", again: false } : { kind: "in", user });
  } catch {
    // Whatever is wrong, the first call to the API says it better.
    become({ kind: "in", user: "" });
  }
}

/**
 * Makes a session of a token.
 *
 * @throws Error with the server's sentence where it refuses the token, or a TypeError where it cannot be reached.
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

/** The server has refused a token. */
export class SignInRefused extends Error {}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await fetch(ADDRESS, { method: "DELETE" });
  become({ kind: "out", again: false });
  tellOtherTabs();
}

/** All tabs share one session: what is done about it in another one counts here. */
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
  // It cannot be reached: the next call says so.
  if (user === "") return;
  if (user === undefined) return become({ kind: "out", again: false });
  // What is shown was somebody else's to read.
  if (before.kind === "in" && before.user !== user) return location.reload();
  signIns += 1;
  become({ kind: "in", user });
}

/**
 * Waits until somebody is signed in again, and has the page ask for it.
 *
 * @param since what {@link countSignIns} said before the call that was refused.
 */
export function signedIn(signal: AbortSignal, since = signIns): Promise<void> {
  if (signIns !== since) return Promise.resolve();
  if (state.kind !== "out") become({ kind: "out", again: state.kind === "in" && state.user !== "" });
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (state.kind === "in") done(resolve);
    };
    const leave = (): void => done(() => reject(signal.reason));
    const done = (settle: () => void): void => {
      listeners.delete(look);
      signal.removeEventListener("abort", leave);
      settle();
    };
    listeners.add(look);
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
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
