import { describe, expect, it } from "vitest";
import type { Attempt } from "../runs/run.ts";
import { createEndClock } from "./end-clock.ts";

const ENDED = Date.parse("2026-01-01T00:30:00Z");
const running = { attempt: { phase: "Running", endedAt: undefined } as Attempt };
const ended = { attempt: { phase: "Failed", endedAt: "2026-01-01T00:30:00Z" } as Attempt };

function start(now: number) {
  const clock = { time: now };
  return { clock, now: createEndClock({ now: () => clock.time }) };
}

describe("the time after an attempt's end", () => {
  it("is the clock's where that is ahead", () => {
    const { clock, now } = start(ENDED + 60_000);
    expect(now(ended)).toBe(ENDED + 60_000);
    clock.time += 1_000;
    expect(now(ended)).toBe(ENDED + 61_000);
  });

  it("is the clock's as long as the attempt runs", () => {
    const { clock, now } = start(ENDED - 3_600_000);
    expect(now(running)).toBe(ENDED - 3_600_000);
    clock.time += 5_000;
    expect(now(running)).toBe(ENDED - 3_595_000);
  });

  it("passes from the end on where the clock is behind the cluster's", () => {
    const { clock, now } = start(ENDED - 300_000);
    expect(now(ended)).toBe(ENDED);
    clock.time += 30_000;
    expect(now(ended)).toBe(ENDED + 30_000);
  });

  it("does not go back with the clock", () => {
    const { clock, now } = start(ENDED);
    expect(now(ended)).toBe(ENDED);
    clock.time += 10_000;
    expect(now(ended)).toBe(ENDED + 10_000);
    clock.time -= 3_600_000;
    expect(now(ended)).toBe(ENDED + 10_000);
    clock.time += 20_000;
    expect(now(ended)).toBe(ENDED + 30_000);
  });
});
