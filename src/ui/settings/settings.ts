import { useSyncExternalStore } from "react";

/** The user's settings for all pages; kept in this browser only. */
export interface Settings {
  readonly theme: "system" | "light" | "dark";
  /** `system`: the browser's language. */
  readonly language: "system" | "en" | "zh";
  /** Whether single-key shortcuts are on. */
  readonly keys: boolean;
}

const KEY = "taffrail.settings";
const DEFAULTS: Settings = { theme: "system", language: "system", keys: true };

let current = read();
const listeners = new Set<() => void>();

/** The current settings. */
export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, () => current);
}

/** Changes some settings, in other tabs too. */
export function changeSettings(changes: Partial<Settings>): void {
  take({ ...current, ...changes });
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser without storage forgets them with the tab.
  }
}

/** Applies the settings to the page, and follows changes in other tabs. */
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
