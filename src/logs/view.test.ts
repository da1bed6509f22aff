import { describe, expect, it } from "vitest";
import { makePod, makeStatus } from "../../test/fakes/pod.ts";
import type { ContainerStatus, Pod } from "../runs/pod.ts";
import type { Phase } from "../runs/run.ts";
import { targetPod } from "./view.ts";

const container = { name: "tests", init: false };
const waitingStatus = (parts: Partial<ContainerStatus>) =>
  makeStatus({ ...container, state: "waiting", message: "from 10.0.0.1", ...parts });
const pendingPod = (parts: Partial<Pod>) => makePod({ phase: "Pending", message: "from 10.0.0.1", ...parts });
const target = (status: ContainerStatus | undefined, pod: Partial<Pod> = {}, phase: Phase = "Running") =>
  targetPod({ phase }, { pod: pendingPod(pod), container, status });

describe("targetPod", () => {
  it("is none without a pod", () => {
    expect(targetPod({ phase: "Running" }, { pod: undefined, container, status: undefined })).toBeUndefined();
  });

  it.each(["running", "terminated", "unknown"] as const)("asks for the log of a container that is %s", (state) => {
    const asked = { namespace: "shop", name: "pod-1", container: "tests", previous: false, unstarted: undefined };
    expect(target(waitingStatus({ state, exitCode: 1 }))).toEqual(asked);
  });

  it("asks for the log of a container of which the pod knows nothing: the API server says what is wrong", () => {
    expect(target(undefined)).toMatchObject({ previous: false, unstarted: undefined });
  });

  it("asks for the log before the restart of a container that waits for it, well though it ended", () => {
    for (const exitCode of [0, 1]) {
      const status = waitingStatus({ reason: "CrashLoopBackOff", exitCode });
      expect(target(status)).toMatchObject({ previous: true, unstarted: undefined });
    }
  });

  it("tells the reason for which a container has not been started: its own, else the pod's", () => {
    const own = waitingStatus({ reason: "ImagePullBackOff" });
    expect(target(own, { reason: "Other" })?.unstarted).toEqual({ reason: "ImagePullBackOff", final: false });
    expect(target(waitingStatus({}), { reason: "Unschedulable" })?.unstarted).toEqual({
      reason: "Unschedulable",
      final: false,
    });
  });

  it.each<[string, Partial<Pod>, Phase]>([
    ["in a pod that failed", { phase: "Failed", reason: "Evicted" }, "Running"],
    ["in a pod that succeeded", { phase: "Succeeded", reason: "Evicted" }, "Running"],
    ["of an attempt that has ended", { phase: "Pending", reason: "Evicted" }, "Failed"],
  ])("says that a container %s will never be started", (_what, pod, phase) => {
    expect(target(waitingStatus({}), pod, phase)?.unstarted).toEqual({ reason: "Evicted", final: true });
  });
});
