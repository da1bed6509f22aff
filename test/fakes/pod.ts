import type { ContainerStatus, Pod } from "../../src/runs/pod.ts";

/** Makes what became of a container: by default it runs, and nothing is said about it. */
export function makeStatus(parts: Partial<ContainerStatus> = {}): ContainerStatus {
  return {
    name: "main",
    init: false,
    sidecar: false,
    state: "running",
    exitCode: undefined,
    reason: "",
    message: "",
    restarts: 0,
    up: parts.state === undefined || parts.state === "running",
    startedAt: undefined,
    endedAt: undefined,
    ...parts,
  };
}

/** Makes a pod that runs on a node, of no container unless they are given. */
export function makePod(parts: Partial<Pod> = {}): Pod {
  return {
    namespace: "shop",
    name: "pod-1",
    jobName: "job",
    createdAt: "2026-01-01T00:00:00Z",
    index: undefined,
    deleted: false,
    scheduled: true,
    phase: "Running",
    reason: "",
    message: "",
    containers: [],
    ...parts,
  };
}
