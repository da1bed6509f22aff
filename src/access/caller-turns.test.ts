import { describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import type { Caller } from "../identity/caller.ts";
import { CallerTurns } from "./caller-turns.ts";

const { signal } = new AbortController();
const ANNA = { username: "anna" } as Caller;
const BEN = { username: "ben" } as Caller;

describe("the reads of a caller", () => {
  it("are under way only so many at once, and those of others are not behind them", async () => {
    const turns = new CallerTurns(2);
    const gate = createGate();
    const begun: string[] = [];
    const read = (caller: Caller, what: string) =>
      turns.run(caller, signal, async () => {
        begun.push(what);
        await gate.opened;
        return what;
      });
    const reads = [read(ANNA, "a1"), read(ANNA, "a2"), read(ANNA, "a3"), read(BEN, "b1")];
    await new Promise(setImmediate);
    expect(begun).toEqual(["a1", "a2", "b1"]);
    gate.open();
    expect(await Promise.all(reads)).toEqual(["a1", "a2", "a3", "b1"]);
  });

  it("give way to the next ones when they fail, and when their caller leaves", async () => {
    const turns = new CallerTurns(1);
    const gate = createGate();
    const leave = new AbortController();
    const failing = turns.run(ANNA, signal, async () => {
      await gate.opened;
      throw new Error("failed");
    });
    const leaving = turns.run(ANNA, leave.signal, async () => "left");
    const next = turns.run(ANNA, signal, async () => "next");
    leave.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    gate.open();
    await expect(failing).rejects.toThrow("failed");
    expect(await next).toBe("next");
    expect(await turns.run(ANNA, signal, async () => "later")).toBe("later");
  });
});
