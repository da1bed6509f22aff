import { useSyncExternalStore } from "react";

/** What a reader has chosen for all pages; kept in this browser alone. */
export interface Settings {
  readonly theme: "system" | "light" | "dark";
  /** `system`: what the browser asks for. */
  readonly language: "system" | "en" | "zh";
  /** Whether single keys do something. */
  readonly keys: boolean;
}

const KEY = "taffrail.settings";
const DEFAULTS: Settings = { theme: "system", language: "system", keys: true };

let current = read();
const listeners = new Set<() => void>();

/** What is chosen now. */
export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, () => current);
}

/** Changes some of it, in other tabs too. */
export function changeSettings(changes: Partial<Settings>): void {
  take({ ...current, ...changes });
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser that stores nothing forgets it with the tab.
  }
}

/** Has the page look as chosen, and follow other tabs. */
export function startSettings(): void {
  take(current);
  window.addEventListener("storage", ({ key }) => key === KEY && take(read()));
}

function take(settings: Settings): void {
  current = settings;
  if (settings.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = settings.theme;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): Settings {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Record<keyof Settings, unknown>>;
    return {
      theme: oneOf(stored.theme, ["light", "dark"]) ?? "system",
      language: oneOf(stored.language, ["en", "zh"]) ?? "system",
      keys: stored.keys !== false,
    };
  } catch {
    return DEFAULTS;
  }
}

function oneOf<T extends string>(value: unknown, values: readonly T[]): T | undefined {
  return values.find((each) => each === value);
}
