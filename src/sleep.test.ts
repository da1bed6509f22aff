import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { sleep } from "./sleep.ts";

describe("a sleep", () => {
  const reason = new Error("left");

  it("ends when its time has passed, and leaves no listener at the signal", async () => {
    const { signal } = new AbortController();
    const sleeping = sleep(1, signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await sleeping;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("needs no signal", async () => {
    expect(await sleep(0, undefined)).toBeUndefined();
  });

  it("ends with the signal's reason when that is aborted, or was", async () => {
    const stop = new AbortController();
    const sleeping = sleep(1_000_000, stop.signal);
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(sleep(1_000_000, stop.signal)).rejects.toBe(reason);
  });
});
