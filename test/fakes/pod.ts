import type { ContainerStatus, Pod } from "../../src/runs/pod.ts";

/** Creates a container's status. By default it is running, without a reason or message. */
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

/** Creates a running pod on a node. Default: without containers. */
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
