import { createHash } from "node:crypto";
import { formsOf, linesOfKey } from "./forms.ts";

/** Where a text was seen that was searched. */
export type Place = "log" | "failure" | "output";

/** What came of it in one test file. */
export interface SearchSum {
  /** A hash of each secret. */
  readonly planted: readonly string[];
  readonly searched: Readonly<Record<Place, number>>;
}

/** What is shorter, or a plain word, is found in texts that have it of themselves. */
const TELLING = /^(?=.*[^a-z]).{6,}$/s;

const planted = new Map<string, readonly string[]>();
const searched: Record<Place, number> = { log: 0, failure: 0, output: 0 };
let found: string[] = [];

/** Forgets what was planted and found, and counts from zero again. */
export function resetSearch(): void {
  planted.clear();
  found = [];
  for (const place of Object.keys(searched) as Place[]) searched[place] = 0;
}

/** Has all texts from now on searched for a secret. */
export function plant(secret: string): void {
  if (planted.has(secret) || !TELLING.test(secret)) return;
  planted.set(secret, secret.startsWith("-----BEGIN") ? linesOfKey(secret) : formsOf(secret));
}

/** Searches a text for every secret that was planted. */
export function search(place: Place, text: string): void {
  searched[place] += 1;
  for (const [secret, forms] of planted) {
    // Never the secret itself, so that a failing test does not print it.
    if (forms.some((form) => text.includes(form))) found.push(`a secret of ${secret.length} characters in: ${place}`);
  }
}

/** What was found since this was asked last. */
export function takeFound(): readonly string[] {
  const taken = found;
  found = [];
  return taken;
}

export function searchSum(): SearchSum {
  const hashes = [...planted.keys()].map((each) => createHash("sha256").update(each).digest("base64url").slice(0, 12));
  return { planted: hashes, searched: { ...searched } };
}
