import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { createStreamSlots } from "./stream-slots.ts";

const caller = (username: string): Caller => ({ username, uid: undefined, groups: [], extra: {} });

describe("stream slots", () => {
  it("let a caller have so many streams and no more, and say the limit", () => {
    const slots = createStreamSlots({ total: 10, perCaller: 2 });
    slots.enter(caller("ann"));
    slots.enter(caller("ann"));
    expect(() => slots.enter(caller("ann"))).toThrow("You have 2 streams open");
    expect(() => slots.enter(caller("bob"))).not.toThrow();
  });

  it("let all callers together have so many streams and no more", () => {
    const slots = createStreamSlots({ total: 2, perCaller: 2 });
    slots.enter(caller("ann"));
    slots.enter(caller("bob"));
    const failure = thrownBy(() => slots.enter(caller("cid")));
    expect(failure).toMatchObject({ kind: "too-much", reason: "TOO_MANY_STREAMS" });
    expect(failure.message).toContain("2 streams open");
  });

  it("give a slot back once, however often it is given back", () => {
    const slots = createStreamSlots({ total: 1, perCaller: 1 });
    const leave = slots.enter(caller("ann"));
    leave();
    leave();
    slots.enter(caller("ann"));
    expect(() => slots.enter(caller("bob"))).toThrow("1 streams open");
  });

  it("tell nobody how many streams another caller has", () => {
    const slots = createStreamSlots({ total: 5, perCaller: 1 });
    slots.enter(caller("ann"));
    expect(thrownBy(() => slots.enter(caller("ann"))).message).not.toContain("ann");
  });
});

function thrownBy(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
