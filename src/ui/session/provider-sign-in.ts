import { signInAddress, tellOtherTabs } from "./session.ts";

const BEGUN = "taffrail.sign-in";

/** Why a sign-in with a provider failed, in the server's words. */
export interface SignInFailure {
  readonly message: string;
  readonly next: string;
}

/**
 * Leaves the page to sign in with an identity provider.
 *
 * @param next the address within this site to come back to.
 * @param again whether the provider must ask for the user even if one is signed in there.
 */
export function startSignIn(provider: string, next: string, again: boolean): void {
  try {
    sessionStorage.setItem(BEGUN, "1");
  } catch {
    // Other tabs then notice by their next call.
  }
  location.assign(signInAddress(provider, next, again));
}

/** Tells other tabs if this page is loaded after a sign-in that began in this tab. */
export function finishSignIn(): void {
  try {
    if (sessionStorage.getItem(BEGUN) === null) return;
    sessionStorage.removeItem(BEGUN);
    tellOtherTabs();
  } catch {
    // As above.
  }
}

/** Why the last sign-in failed, as the server left it in a cookie. A link cannot make up such a text. */
export function signInFailure(): SignInFailure | undefined {
  const name = `${location.protocol === "https:" ? "__Host-" : ""}taffrail-sign-in-failure=`;
  const found = document.cookie.split("; ").find((each) => each.startsWith(name));
  if (found === undefined) return undefined;
  try {
    const base64 = found.slice(name.length).replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const { message, next } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<SignInFailure>;
    return { message: String(message ?? ""), next: String(next ?? "") };
  } catch {
    return undefined;
  }
}
