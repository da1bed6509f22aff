import { expect } from "vitest";
import type { ClientRead } from "./client-read.ts";

/** Compares long texts without printing them. */
export function expectSame(text: string, wanted: string): void {
  if (text === wanted) return;
  let at = 0;
  while (text[at] === wanted[at]) at += 1;
  expect({ length: text.length, at, near: text.slice(at - 40, at + 40) }).toEqual({
    length: wanted.length,
    at,
    near: wanted.slice(at - 40, at + 40),
  });
}

export function expectBeginning(text: string, whole: string): void {
  expect(text.length).toBeLessThan(whole.length);
  expectSame(text, whole.slice(0, text.length));
}

/** Expects that a replaced log is not sent, or not without a notice. */
export function expectNoSplice({ text, notices, error }: ClientRead, before: string): void {
  const isTold = error?.includes("CURSOR_STALE") || notices.includes("LOG_REPLACED") || notices.includes("LINES_LOST");
  expect({ isTold, notices, error, text: text.slice(0, 200) }).toMatchObject({ isTold: true });
  expect(text.startsWith(before)).toBe(true);
}
