import { describe, expect, it } from "vitest";
import { sleep } from "../sleep.ts";
import { isTransient, retryAfter, retryDelay } from "./retry.ts";

describe("the delay before a retry", () => {
  it("grows, for three retries", () => {
    expect([1, 2, 3, 4].map((tries) => retryDelay(tries, 0, undefined, 0.5))).toEqual([100, 300, 900, undefined]);
  });

  it("differs by up to a quarter", () => {
    expect([0, 1].map((random) => retryDelay(1, 0, undefined, random))).toEqual([75, 125]);
  });

  it("is at least what the server asks for", () => {
    expect(retryDelay(1, 0, 2_000, 0.5)).toBe(2_000);
    expect(retryDelay(3, 0, 1, 0.5)).toBe(900);
  });

  it("is undefined if it would end more than ten seconds after the first try started", () => {
    expect(retryDelay(1, 9_950, undefined, 0.5)).toBeUndefined();
    expect(retryDelay(1, 9_900, undefined, 0.5)).toBe(100);
    expect(retryDelay(1, 0, 60_000, 0.5)).toBeUndefined();
  });

  it("ends when its signal is aborted", async () => {
    const stop = new AbortController();
    const waiting = sleep(60_000, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow();
  });
});

describe("a response", () => {
  it.each([429, 500, 502, 503, 504])("with status %i is transient", (status) => {
    expect(isTransient(status)).toBe(true);
  });

  it.each([200, 301, 400, 401, 403, 404, 409, 410, 422])("with status %i is final", (status) => {
    expect(isTransient(status)).toBe(false);
  });

  it.each([
    ["0", 0],
    ["3", 3_000],
    ["-1", undefined],
    ["1.5", undefined],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    ["9".repeat(400), undefined],
    [undefined, undefined],
  ])("with Retry-After %j means %j", (text, ms) => {
    expect(retryAfter(text === undefined ? {} : { "retry-after": text })).toBe(ms);
  });
});
