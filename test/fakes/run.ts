import { createLeftOutCounts } from "../../src/runs/bounds.ts";
import { lifetimeOf } from "../../src/runs/job-lifetime.ts";
import { measuringOf } from "../../src/runs/measuring.ts";
import type { Attempt, Metric, Run } from "../../src/runs/run.ts";

/** The uid of these runs. */
export const RUN_UID = "1c5989f1-ba2d-4e83-858b-fed0a712755f";

/** Creates a failed run with one metric, measured once by a Job of one container. */
export function makeRun(parts: Partial<Run> = {}): Run {
  return {
    namespace: "shop",
    name: "uat.run-1",
    uid: RUN_UID,
    stage: "uat",
    phase: "Failed",
    message: "",
    createdAt: "2026-03-12T14:00:00Z",
    startedAt: "2026-03-12T14:00:01Z",
    endedAt: "2026-03-12T14:05:00Z",
    promotion: undefined,
    freightCollection: undefined,
    freight: [],
    rollout: undefined,
    revision: undefined,
    labels: {},
    annotations: {},
    args: {},
    terminate: false,
    metrics: [makeMetric()],
    leftOut: createLeftOutCounts(),
    ...parts,
  };
}

/** Creates a job metric that failed in its only attempt. */
export function makeMetric(parts: Partial<Metric> = {}): Metric {
  return {
    name: "smoke",
    provider: "job",
    phase: "Failed",
    message: "",
    dryRun: false,
    attempts: [makeAttempt()],
    containers: [{ name: "main", init: false }],
    defaultContainer: undefined,
    lifetime: lifetimeOf(undefined, undefined),
    initialDelayMs: 0,
    measuring: measuringOf({}, (text) => text),
    counts: undefined,
    ...parts,
  };
}

/** Creates a failed attempt with its own Job. */
export function makeAttempt(parts: Partial<Attempt> = {}): Attempt {
  const { number = 1 } = parts;
  return {
    number,
    phase: "Failed",
    message: "",
    value: "",
    startedAt: "2026-03-12T14:00:01Z",
    endedAt: "2026-03-12T14:04:00Z",
    claimedJob: { namespace: "shop", name: `${RUN_UID}.smoke.${number}` },
    ...parts,
  };
}
