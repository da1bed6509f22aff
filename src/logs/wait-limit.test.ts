import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import { WaitLimit } from "./wait-limit.ts";

const HOUR = 3_600_000;
const missing = new Failure("not-found", "LOG_NOT_FOUND", "No log.");

function world(until: number, maxMs: number) {
  const clock = { time: 0, now: () => clock.time };
  return { clock, wait: new WaitLimit({ until, maxMs, clock }) };
}

describe("a wait for a log", () => {
  it("lasts as long as the caller asked for, and the server's limit is not mentioned then", () => {
    const { clock, wait } = world(HOUR, 6 * HOUR);
    expect(wait.left()).toBe(HOUR);
    clock.time = HOUR;
    expect(wait.left()).toBe(0);
    expect([wait.reached, wait.explain(missing)]).toEqual([undefined, missing]);
  });

  it("lasts no longer than the server allows, and the failure names the limit", () => {
    const { clock, wait } = world(Number.POSITIVE_INFINITY, 6 * HOUR);
    expect(wait.left()).toBe(6 * HOUR);
    clock.time = 6 * HOUR;
    expect(wait.left()).toBe(0);
    expect(wait.explain(missing)).toMatchObject({
      reason: "LOG_NOT_FOUND",
      limit: "limits.wait",
      message: "No log. This server waits for a log for at most 6 h (limits.wait).",
    });
    expect(wait.failure("Waiting.")).toMatchObject({
      kind: "too-much",
      reason: "LIMIT_REACHED",
      limit: "limits.wait",
    });
  });

  it("that follows another may last as long again", () => {
    const { clock, wait } = world(Number.POSITIVE_INFINITY, HOUR);
    wait.left();
    clock.time = HOUR / 2;
    wait.end();
    expect(wait.left()).toBe(HOUR);
  });

  it.each([
    [90_000, "90 s"],
    [120_000, "2 min"],
    [1_500, "1500 ms"],
  ])("of at most %d ms is said as %s", (ms, text) => {
    const { clock, wait } = world(Number.POSITIVE_INFINITY, ms);
    wait.left();
    clock.time = ms;
    expect(wait.reached).toContain(` ${text} `);
  });
});
