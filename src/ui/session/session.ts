import { useSyncExternalStore } from "react";
import { BASE_PATH } from "../routing/base-path.ts";
import { IS_LOCAL } from "./page-kind.ts";
import { Renewal, type Renewed, type Who } from "./renewal.ts";

/** Whether a user is signed in, as far as this page knows. */
export type SessionState =
  | { readonly kind: "unknown" }
  | { readonly kind: "in"; readonly user: string }
  /** `again`: a user was signed in, and what is shown stays. */
  | { readonly kind: "out"; readonly again: boolean };

const ADDRESS = `${BASE_PATH}/session`;
/** How often a session is looked for whose provider cannot be reached. */
const RETRY_MS = 10_000;
/** How often calls may be refused within that time although there is a good session, before the user is asked. */
const REFUSALS = 30;

let state: SessionState = { kind: "unknown" };
/** Counts sign-ins, so that a refusal from before a sign-in can be told apart. */
let signIns = 0;
/** The user for whom the page shows what it shows. */
let shownTo = "";
let refusals = { since: 0, count: 0 };
const listeners = new Set<() => void>();
const renewal = new Renewal({
  find: (signal) => ask("GET", "", signal),
  renew: (signal) => ask("POST", "/renew", signal),
  onSession: takeSession,
});

/** Whether a user is signed in. */
export function useSession(): SessionState {
  return useSyncExternalStore(subscribe, sessionState);
}

/** Whether a user is signed in now. */
export function sessionState(): SessionState {
  return state;
}

/** The number of sign-ins so far; see {@link signedIn}. */
export function countSignIns(): number {
  return signIns;
}

/** Asks the server who is signed in. */
export async function findSession(): Promise<void> {
  try {
    const response = await ask("GET");
    // The server, or the way to it, has a fault: that says nothing about the session.
    if (!response.ok && response.status !== 401) throw new Error(`HTTP ${response.status}`);
    const who = await whoOf(response.clone());
    if (who !== undefined) return takeSession(who);
    const outcome = (await isExpired(response)) ? await renewal.regain() : "over";
    if (outcome === "renewed") return;
    // Nothing is shown yet that could stay.
    end(false);
    if (outcome === "unavailable") regainLater();
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
  const body = JSON.stringify({ token });
  const headers = { "content-type": "application/json" };
  const response = await change(() => fetch(ADDRESS, { method: "POST", headers, body }));
  if (!response.ok) throw new SignInRefused(await refusal(response));
  const who = (await whoOf(response)) ?? (await whoOf(await ask("GET")));
  if (who === undefined) become({ kind: "in", user: "" });
  else takeSession(who);
  tellOtherTabs();
}

/** The server refused a token. */
export class SignInRefused extends Error {}

/**
 * The address that signs in with an identity provider.
 *
 * @param next where to go then, with the fragment, which browsers do not send.
 * @param again whether the provider must ask for the user even if one is signed in there.
 */
export function signInAddress(provider: string, next: string, again: boolean): string {
  return `${ADDRESS}/login?${new URLSearchParams({ provider, next, ...(again && { again: "1" }) })}`;
}

/**
 * Ends the session.
 *
 * @param stay whether to stay on this page, even if the user is still signed in at an identity provider.
 * @throws Error if the server did not end it.
 */
export async function signOut({ stay = false } = {}): Promise<void> {
  const response = await change(() => ask("DELETE"));
  if (!response.ok) throw new Error(`The session was not ended: HTTP ${response.status}.`);
  const { signOutUrl } = response.status === 200 ? ((await response.json()) as { signOutUrl?: unknown }) : {};
  leave();
  tellOtherTabs();
  if (!stay && typeof signOutUrl === "string" && /^https?:/.test(signOutUrl)) location.assign(signOutUrl);
}

/** Signs in or out. Renewals under way, which would undo that, are given up in all tabs first. */
async function change(work: () => Promise<Response>): Promise<Response> {
  tabs?.postMessage(CHANGES);
  return await renewal.replace(work);
}

/** All tabs share one session: takes over sign-ins and sign-outs from other tabs. */
export function followOtherTabs(): void {
  tabs?.addEventListener("message", ({ data }) => {
    renewal.giveUp();
    if (data === CHANGED) void takeOver();
  });
}

/** What tabs tell each other: a user is about to sign in or out, or has. */
const CHANGES = "changes";
const CHANGED = "changed";
const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("taffrail.session");

/** Tells other tabs that a user has signed in or out. */
export function tellOtherTabs(): void {
  tabs?.postMessage(CHANGED);
}

async function takeOver(): Promise<void> {
  // If the server cannot be reached, the next call will report that.
  const response = await ask("GET").catch(() => undefined);
  if (response === undefined || (!response.ok && response.status !== 401)) return;
  const who = await whoOf(response);
  if (who === undefined) leave();
  else takeSession(who);
}

/** Nothing stays on the screen. */
function leave(): void {
  renewal.stop();
  shownTo = "";
  end(false);
}

/** @param again whether what is shown stays, and the user signs in over it. */
function end(again: boolean): void {
  // Without its session, a server for this computer's user answers nothing but how to get a new link.
  if (IS_LOCAL) location.reload();
  else become({ kind: "out", again });
}

/** Another user may not see what is shown, not even after the first one was signed out. */
function takeSession(who: Who): void {
  const { username } = who;
  if (shownTo !== "" && shownTo !== username) {
    location.reload();
    return;
  }
  shownTo = username;
  renewal.plan(who);
  signIns += 1;
  become({ kind: "in", user: username });
}

/**
 * Waits for a session that is good after a call was refused: renews it, or else asks the user to sign in again.
 *
 * @param since the result of {@link countSignIns} before the refused call.
 */
export async function signedIn(signal: AbortSignal, since = signIns): Promise<void> {
  if (signIns !== since) return;
  let outcome: Renewed = "over";
  if (state.kind === "in" && state.user !== "" && mayRegain()) {
    outcome = await renewal.regain();
    signal.throwIfAborted();
    if (outcome === "renewed") return;
  }
  if (state.kind !== "out") {
    end(state.kind === "in" && state.user !== "");
    if (outcome === "unavailable") regainLater();
  }
  await new Promise<void>((resolve, reject) => {
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

/** Calls that are refused although the session is good must not be repeated without end. */
function mayRegain(): boolean {
  if (Date.now() - refusals.since > RETRY_MS) refusals = { since: Date.now(), count: 0 };
  refusals.count += 1;
  return refusals.count <= REFUSALS;
}

/** Looks for the session again until it is renewed, or the user has signed in or out. */
function regainLater(): void {
  const waiting = state;
  setTimeout(async () => {
    if (state !== waiting) return;
    if ((await renewal.regain()) === "unavailable" && state === waiting) regainLater();
  }, RETRY_MS);
}

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function ask(method: "GET" | "POST" | "DELETE", path = "", signal: AbortSignal | null = null): Promise<Response> {
  return fetch(ADDRESS + path, { method, headers: { accept: "application/json" }, signal });
}

async function whoOf(response: Response): Promise<Who | undefined> {
  if (!response.ok || response.status === 204) return undefined;
  const body = (await response.json()) as Partial<Who>;
  if (typeof body.username !== "string") return undefined;
  return { expiresIn: null, expires: null, ends: null, ...body, username: body.username };
}

/** Whether a response says that there is a session, which has to be renewed. */
async function isExpired(response: Response): Promise<boolean> {
  return response.status === 401 && (await response.text()).includes("SESSION_EXPIRED");
}

async function refusal(response: Response): Promise<string> {
  try {
    const { message } = (await response.json()) as { readonly message?: unknown };
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}
