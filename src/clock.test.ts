import { expect, it } from "vitest";
import { steadyClock } from "./clock.ts";

it("follows its clock, and pauses when that is set back", () => {
  let time = 1_000_000;
  const steady = steadyClock({ now: () => time });
  const start = steady.now();
  time += 500;
  expect(steady.now() - start).toBe(500);
  time -= 3_600_000;
  expect(steady.now() - start).toBe(500);
  time += 250;
  expect(steady.now() - start).toBe(750);
});
