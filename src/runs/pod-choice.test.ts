import { describe, expect, it } from "vitest";
import { makePod, makeStatus } from "../../test/fakes/pod.ts";
import type { Pod } from "./pod.ts";
import { explainingPod, failedCount } from "./pod-choice.ts";

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const ended = (name: string, exitCode: number, second: number, parts: Partial<Pod> = {}): Pod =>
  makePod({
    name,
    phase: exitCode === 0 ? "Succeeded" : "Failed",
    containers: [makeStatus({ state: "terminated", exitCode, endedAt: at(second) })],
    ...parts,
  });

/** In short: the pod, whether it failed first, and how many of how many failed. */
function chosen(pods: readonly Pod[]): string {
  const choice = explainingPod(pods);
  if (choice === undefined) return "none";
  const { pod, failed, beside } = choice;
  return `${pod.name}${failed ? " failed" : ""}, ${failedCount(beside)} of ${beside.length}`;
}

describe("the pod that explains an attempt", () => {
  it.each<[string, Pod[], string]>([
    ["none where there is none", [], "none"],
    ["the only one", [ended("a", 1, 20)], "a, 1 of 1"],
    ["the newest of retries", [ended("a", 1, 9), ended("b", 1, 30, { createdAt: at(20) })], "b, 1 of 1"],
    ["the first that failed, of those that ran at once", [ended("a", 1, 25), ended("b", 2, 20)], "b failed, 2 of 2"],
    [
      "of those created a second apart too",
      [ended("a", 1, 20), ended("b", 0, 30, { createdAt: at(1) })],
      "a failed, 1 of 2",
    ],
    [
      "no pod that the Job deleted, though that ended in the same second",
      [ended("a", 143, 20, { deleted: true }), ended("b", 1, 20)],
      "b failed, 1 of 2",
    ],
    [
      "a deleted pod that Kubernetes evicted",
      [ended("a", 137, 20, { deleted: true, reason: "EvictionByEvictionAPI" }), ended("b", 1, 25)],
      "a failed, 2 of 2",
    ],
    ["the newest while none has failed", [makePod({ name: "a" }), makePod({ name: "b" })], "b, 0 of 2"],
    [
      "the newest of each index",
      [
        ended("a", 1, 20, { index: 0 }),
        ended("b", 7, 45, { index: 1 }),
        ended("c", 0, 40, { index: 0, createdAt: at(30) }),
      ],
      "b failed, 1 of 2",
    ],
    [
      "one without any word of its end after those with one",
      [makePod({ name: "a", phase: "Failed" }), ended("b", 1, 20)],
      "b failed, 2 of 2",
    ],
  ])("is %s", (_, pods, expected) => {
    expect(chosen(pods)).toBe(expected);
  });
});
