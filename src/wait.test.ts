import { describe, expect, it } from "vitest";
import { waitReally } from "./wait.ts";

describe("a wait", () => {
  const reason = new Error("left");

  it("ends when its time is over, and leaves nothing at the signal", async () => {
    const stop = new AbortController();
    await waitReally(1, stop.signal);
    stop.abort(reason);
    await expect(waitReally(0, undefined)).resolves.toBeUndefined();
  });

  it("ends with the signal's reason when that is aborted, or was", async () => {
    const stop = new AbortController();
    const waiting = waitReally(1_000_000, stop.signal);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(waitReally(1_000_000, stop.signal)).rejects.toBe(reason);
  });
});
