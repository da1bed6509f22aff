import { describe, expect, it } from "vitest";
import { sharedTurn } from "./shared-turn.ts";

/** More than a stream may send without waiting. */
const LONG = 2 ** 20;

/** Keeps the event loop busy. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("a turn of the event loop", () => {
  it("is shared by streams for some milliseconds; then they wait for the next one", async () => {
    await nextTurn();
    expect(sharedTurn(LONG)).toBeUndefined();
    expect(sharedTurn(LONG)).toBeUndefined();
    work(11);
    const waiting = [sharedTurn(LONG), sharedTurn(LONG)];
    expect(waiting).toEqual([expect.any(Promise), expect.any(Promise)]);
    await Promise.all(waiting);
    expect(sharedTurn(LONG)).toBeUndefined();
  });

  it("is not waited for by streams that have sent little", async () => {
    await nextTurn();
    expect(sharedTurn(LONG)).toBeUndefined();
    work(11);
    const waiting = sharedTurn(LONG);
    expect([waiting, sharedTurn(1_000)]).toEqual([expect.any(Promise), undefined]);
    await waiting;
  });

  it("lets others run between two of streams that never wait for anything else", async () => {
    let isOver = false;
    const streams = Array.from({ length: 20 }, async () => {
      while (!isOver) {
        work(1);
        await sharedTurn(LONG);
      }
    });
    let longest = 0;
    for (let turn = 0; turn < 10; turn += 1) {
      const began = performance.now();
      await nextTurn();
      longest = Math.max(longest, performance.now() - began);
    }
    isOver = true;
    await Promise.all(streams);
    // Without turns, no other would ever come: the streams go on in microtasks. Each stream works once more before it asks.
    expect(longest).toBeLessThan(500);
  });
});
