import { useSyncExternalStore } from "react";
import { BASE_PATH } from "../routing/base-path.ts";

/** What the demo's server tells its page; other servers have no such address. */
export interface Demo {
  readonly viewer: string;
  readonly outsider: string;
  /** The run whose log grows. */
  readonly live: { readonly project: string; readonly run: string };
}

/** What can be broken in the demo. */
export type DemoAct = "delete-pod" | "restart" | "cut" | "revoke" | "restore";

let demo: Demo | undefined;
let isAsked = false;
const listeners = new Set<() => void>();

/** The demo; `undefined` on every other server, and until it has answered. */
export function useDemo(): Demo | undefined {
  return useSyncExternalStore(subscribe, () => demo);
}

/** Breaks something. @throws Error where the server does not do it. */
export async function act(name: DemoAct): Promise<void> {
  const response = await fetch(`${BASE_PATH}/demo/${name}`, { method: "POST" });
  if (!response.ok) throw new Error(`The demo answered ${response.status}.`);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!isAsked && document.querySelector('meta[name="taffrail-demo"][content="yes"]')) {
    isAsked = true;
    find().catch(() => {
      isAsked = false;
    });
  }
  return () => listeners.delete(listener);
}

async function find(): Promise<void> {
  const response = await fetch(`${BASE_PATH}/demo`);
  if (!response.ok) return;
  demo = (await response.json()) as Demo;
  for (const each of listeners) each();
}
