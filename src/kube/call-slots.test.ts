import { describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { CallSlots } from "./call-slots.ts";

describe("calls", () => {
  it("wait for their turn in order, and fail if too many wait", async () => {
    const slots = new CallSlots(1, 2);
    const gate = createGate();
    const order: number[] = [];
    const call = (number: number) => slots.run(undefined, async () => order.push(number));
    const first = slots.run(undefined, () => gate.opened);
    const others = [call(1), call(2)];
    await expect(call(3)).rejects.toMatchObject({ kind: "too-much", reason: "SERVER_BUSY" });
    gate.open();
    await Promise.all([first, ...others]);
    expect(order).toEqual([1, 2]);
    await call(4);
    expect(order).toEqual([1, 2, 4]);
  });

  it("leave the queue when they are aborted, and free their slot when they fail", async () => {
    const slots = new CallSlots(1, 1);
    const gate = createGate();
    const failing = slots.run(undefined, async () => {
      await gate.opened;
      throw new Error("failed");
    });
    const leave = new AbortController();
    const leaving = slots.run(leave.signal, async () => "never");
    leave.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    await expect(slots.run(leave.signal, async () => "never")).rejects.toThrow("left");
    const waiting = slots.run(undefined, async () => "next");
    gate.open();
    await expect(failing).rejects.toThrow("failed");
    expect(await waiting).toBe("next");
  });
});
