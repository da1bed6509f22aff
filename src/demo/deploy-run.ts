import { setTimeout as sleep } from "node:timers/promises";
import type { MiniKubernetes } from "./mini-kubernetes.ts";
import type { KubeObject } from "./objects.ts";

/** The schedule, in milliseconds since the demo's start. */
export const DEPLOY_MS = { job: 20_000, began: 23_000, ended: 143_000, judged: 145_000, stored: 153_000 } as const;

const UID = "7d3f1b52-9c84-4e0a-8f67-2a5b0c1d9e43";
export const DEPLOY_RUN = "perf.01kkhcd3p70y8m4q2r6s9t1v3w.00d90e5";
export const DEPLOY_JOB = `${UID}.deploy.1`;
const NAMESPACE = "guestbook";
const IMAGE = "example.com/guestbook/deploy:1.14.0";

/**
 * Plays a run that starts while the user watches: its metric waits for the initial delay, its pod for its image, then
 * the job runs for two minutes and succeeds. The objects are written step by step, as Argo Rollouts and a kubelet write
 * them.
 *
 * @param now when the demo was started.
 * @param wait waits, or throws when the signal is aborted. Default: a real timer.
 */
export async function playDeployRun(
  { put }: Pick<MiniKubernetes, "put">,
  now: Date,
  signal: AbortSignal,
  wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal }),
): Promise<void> {
  const at = (ms: number): string => new Date(now.getTime() + ms).toISOString().replace(/\.\d+Z$/, "Z");
  let passed = 0;
  for (const [ms, objects] of stepsOf(at)) {
    await wait(ms - passed);
    passed = ms;
    for (const object of objects) put(object);
  }
}

function stepsOf(at: (ms: number) => string): readonly (readonly [ms: number, objects: readonly KubeObject[]])[] {
  const { job, began, ended, judged } = DEPLOY_MS;
  const running = { startedAt: at(began) };
  const terminated = { exitCode: 0, reason: "Completed", startedAt: at(began), finishedAt: at(ended) };
  return [
    [0, [run(at, "Pending")]],
    [job, [run(at, "Running"), pod(at, "Pending", { waiting: { reason: "ContainerCreating" } })]],
    [began, [pod(at, "Running", { running })]],
    [ended, [pod(at, "Succeeded", { terminated })]],
    [judged, [run(at, "Successful")]],
  ];
}

function run(at: (ms: number) => string, phase: "Pending" | "Running" | "Successful"): KubeObject {
  const isOver = phase === "Successful";
  const finishedAt = at(DEPLOY_MS.judged);
  const counts = isOver ? { count: 1, successful: 1 } : { count: 1 };
  const measurement = {
    phase,
    startedAt: at(DEPLOY_MS.job),
    ...(isOver && { finishedAt }),
    metadata: { "job-name": DEPLOY_JOB, "job-namespace": NAMESPACE },
  };
  const begun = {
    runSummary: counts,
    dryRunSummary: {},
    metricResults: [{ name: "deploy", phase, ...(isOver && counts), measurements: [measurement] }],
  };
  const container = { name: "deploy", image: IMAGE };
  const template = { spec: { restartPolicy: "Never", containers: [container] } };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: {
      name: DEPLOY_RUN,
      namespace: NAMESPACE,
      uid: UID,
      creationTimestamp: at(0),
      labels: {
        "kargo.akuity.io/stage": "perf",
        "kargo.akuity.io/freight-collection": "00d90e5c019e02baeb37d2ced97be719b4291d9b",
      },
      ownerReferences: [
        {
          apiVersion: "kargo.akuity.io/v1alpha1",
          kind: "Freight",
          name: "15e565e7544f949723e56ef6e6c084c798ab9f60",
          uid: "f6fadfa7-e5c1-4b62-9362-da5cc13da58a",
        },
      ],
    },
    spec: {
      metrics: [
        {
          name: "deploy",
          initialDelay: `${DEPLOY_MS.job / 1000}s`,
          provider: { job: { spec: { backoffLimit: 0, template } } },
        },
      ],
    },
    status: { phase, startedAt: at(0), ...(isOver && { completedAt: finishedAt }), ...(phase !== "Pending" && begun) },
  };
}

function pod(at: (ms: number) => string, phase: string, state: object): KubeObject {
  const isRunning = phase === "Running";
  const status = { name: "deploy", image: IMAGE, imageID: "", ready: isRunning, restartCount: 0, state };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${DEPLOY_JOB}-k4m8c`,
      namespace: NAMESPACE,
      creationTimestamp: at(DEPLOY_MS.job),
      labels: { "analysisrun.argoproj.io/uid": UID, "batch.kubernetes.io/job-name": DEPLOY_JOB },
      ownerReferences: [
        {
          apiVersion: "batch/v1",
          kind: "Job",
          name: DEPLOY_JOB,
          uid: "b1e0c7a2-53d4-4f96-a8b0-6c2d9e7f1a35",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { nodeName: "worker-1", restartPolicy: "Never", containers: [{ name: "deploy", image: IMAGE }] },
    status: { phase, startTime: at(DEPLOY_MS.job), containerStatuses: [status] },
  };
}
