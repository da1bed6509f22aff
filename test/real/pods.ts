import type { KubeObject } from "../../src/demo/objects.ts";
import { imageOf, type MadeRun } from "./project.ts";
import type { KubeClient } from "./servers/kube-client.ts";

/** A pod of a run's Job, as the Job controller would have made it. */
export interface PodOptions {
  readonly namespace: string;
  readonly run: MadeRun;
  readonly metric: string;
  /** What its name ends with. Default: `aaaaa`. */
  readonly suffix?: string;
  /** The Node that it is on. Default: it is on none. */
  readonly node?: string;
  /** Default: `main`. */
  readonly containers?: readonly string[];
  /** Default: none. */
  readonly initContainers?: readonly string[];
  readonly status: object;
}

/** Makes a pod, and then says what became of it. */
export async function addPod(kube: KubeClient, options: PodOptions): Promise<{ namespace: string; name: string }> {
  const { namespace, run, metric, suffix = "aaaaa", node, containers = ["main"], initContainers = [], status } = options;
  const job = run.jobOf(metric);
  const name = `${job.slice(0, 57)}-${suffix}`;
  const pod: KubeObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { "analysisrun.argoproj.io/uid": run.uid, "batch.kubernetes.io/job-name": job },
      ownerReferences: [
        {
          apiVersion: "batch/v1",
          kind: "Job",
          name: job,
          uid: "00000000-0000-4000-8000-000000000001",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...(node !== undefined && { nodeName: node }),
      restartPolicy: "Never",
      initContainers: initContainers.map(imageOf),
      containers: containers.map(imageOf),
    },
    status,
  };
  await kube.create(pod);
  return { namespace, name };
}

/** Removes a pod at once: there is no kubelet to end it. */
export async function removePod(kube: KubeClient, pod: { readonly namespace: string; readonly name: string }) {
  const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}?gracePeriodSeconds=0`;
  const { status } = await kube.request("DELETE", path);
  if (status !== 200) throw new Error(`The pod ${pod.name} could not be removed: ${status}.`);
}

const IMAGE = { image: "example.com/tests", imageID: "example.com/tests@sha256:0", ready: false, restartCount: 0 };

/** The status of a container that runs. */
export const running = (name: string): object => ({
  ...IMAGE,
  name,
  ready: true,
  containerID: "containerd://1",
  state: { running: { startedAt: "2026-01-01T00:00:01Z" } },
});

/** The status of a container that has not started, or waits to be started again after it ended with an exit code. */
export const waiting = (name: string, reason: string, exitCodeBefore?: number): object => ({
  ...IMAGE,
  name,
  state: { waiting: { reason, message: "nothing to be had from 10.0.0.1:5000" } },
  ...(exitCodeBefore !== undefined && { restartCount: 1, lastState: ended(exitCodeBefore) }),
});

/** The status of a container that has ended. */
export const terminated = (name: string, exitCode: number): object => ({
  ...IMAGE,
  name,
  containerID: "containerd://1",
  state: ended(exitCode),
});

function ended(exitCode: number): object {
  const times = { startedAt: "2026-01-01T00:00:01Z", finishedAt: "2026-01-01T00:04:59Z" };
  return { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", containerID: "containerd://1", ...times } };
}
