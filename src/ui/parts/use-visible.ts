import { useSyncExternalStore } from "react";

/**
 * Whether the page is visible. A hidden page should not hold a connection: over HTTP/1.1, browsers allow six for all
 * pages of a server.
 */
export function useVisible(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === "visible");
}

function subscribe(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}
