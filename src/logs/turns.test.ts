import { describe, expect, it } from "vitest";
import { Turns } from "./turns.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("turns", () => {
  it("are given one at a time, in the order in which they were asked for", async () => {
    const turns = new Turns();
    const order: number[] = [];
    const ends = [1, 2, 3].map(async (each) => {
      const end = await turns.take(new AbortController().signal);
      order.push(each);
      return end;
    });
    for (const [index, end] of ends.entries()) {
      await settled();
      expect(order).toHaveLength(index + 1);
      const endTurn = await end;
      endTurn();
      endTurn();
    }
    await settled();
    expect(order).toEqual([1, 2, 3]);
  });

  it("pass over whoever leaves before theirs", async () => {
    const turns = new Turns();
    const leaving = new AbortController();
    const first = await turns.take(new AbortController().signal);
    const second = turns.take(leaving.signal);
    const third = turns.take(new AbortController().signal);
    leaving.abort(new Error("left"));
    await expect(second).rejects.toThrow("left");
    first();
    (await third)();
  });
});
