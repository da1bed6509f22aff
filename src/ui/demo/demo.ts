import { useSyncExternalStore } from "react";
import { BASE_PATH } from "../routing/base-path.ts";
import { IS_DEMO } from "../session/page-kind.ts";

/** The demo server's information for its page; other servers have none. */
export interface Demo {
  readonly viewer: string;
  readonly outsider: string;
  /** The run with a growing log. */
  readonly live: { readonly project: string; readonly run: string };
}

/** The things that the demo can break, and restore. */
export type DemoAct = "delete-pod" | "restart" | "cut" | "revoke" | "restore";

let demo: Demo | undefined;
let isAsked = false;
const listeners = new Set<() => void>();

/** The demo; `undefined` on other servers, and until it has responded. */
export function useDemo(): Demo | undefined {
  return useSyncExternalStore(subscribe, () => demo);
}

/** Breaks something. @throws Error if the server refuses. */
export async function act(name: DemoAct): Promise<void> {
  const response = await fetch(`${BASE_PATH}/demo/${name}`, { method: "POST" });
  if (!response.ok) throw new Error(`The demo answered ${response.status}.`);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!isAsked && IS_DEMO) {
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
