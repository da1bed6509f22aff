import { createHash } from "node:crypto";
import { formsOf, linesOfKey } from "./forms.ts";

/** Where a searched text appeared. */
export type Place = "log" | "failure" | "output";

/** The result of the search in one test file. */
export interface SearchSum {
  /** A hash of each secret. */
  readonly planted: readonly string[];
  readonly searched: Readonly<Record<Place, number>>;
}

/** Shorter secrets and plain words would be found by chance. */
const TELLING = /^(?=.*[^a-z]).{6,}$/s;

const planted = new Map<string, readonly string[]>();
const searched: Record<Place, number> = { log: 0, failure: 0, output: 0 };
let found: string[] = [];

/** Forgets what was planted and found, and resets the counters. */
export function resetSearch(): void {
  planted.clear();
  found = [];
  for (const place of Object.keys(searched) as Place[]) searched[place] = 0;
}

/** Searches all later texts for a secret. */
export function plant(secret: string): void {
  if (planted.has(secret) || !TELLING.test(secret)) return;
  planted.set(secret, secret.startsWith("-----BEGIN") ? linesOfKey(secret) : formsOf(secret));
}

/** Searches a text for every secret that was planted. */
export function search(place: Place, text: string): void {
  searched[place] += 1;
  for (const [secret, forms] of planted) {
    // Never the secret itself: a failing test must not print it.
    if (forms.some((form) => text.includes(form))) found.push(`a secret of ${secret.length} characters in: ${place}`);
  }
}

/** Returns what was found since the last call. */
export function takeFound(): readonly string[] {
  const taken = found;
  found = [];
  return taken;
}

export function searchSum(): SearchSum {
  const hashes = [...planted.keys()].map((each) => createHash("sha256").update(each).digest("base64url").slice(0, 12));
  return { planted: hashes, searched: { ...searched } };
}
