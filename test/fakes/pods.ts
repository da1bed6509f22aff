import type { KubeObject } from "../../src/demo/objects.ts";

/** A container's status as in a pod's status, without the name. */
export type MadeStatus = Readonly<Record<string, unknown>>;

/** A pod of a run's Job. */
export interface MadePod {
  /** Default: `shop`. */
  readonly namespace?: string;
  readonly uid: string;
  /** The Job's name. */
  readonly job: string;
  /** The suffix of the pod's name. Default: `aaaaa`. */
  readonly suffix?: string;
  /** Default: `2026-01-01T00:00:00Z`. */
  readonly createdAt?: string;
  /** Of an Indexed Job. */
  readonly index?: number;
  /** When it was asked to end. */
  readonly deletedAt?: string;
  /** Default: `Running`. */
  readonly phase?: string;
  /** Additional fields of the pod's status. */
  readonly status?: object;
  /** The status of each container. `undefined`: no status yet. Default: `main` is running. */
  readonly containers?: Readonly<Record<string, MadeStatus | undefined>>;
  /** Default: none. */
  readonly initContainers?: Readonly<Record<string, MadeStatus | undefined>>;
  /** Additional fields of the pod's spec. */
  readonly spec?: object;
}

/** A pod as the Job controller and a kubelet write it. Real API servers accept it. */
export function podObject(made: MadePod): KubeObject {
  const { namespace = "shop", uid, job, createdAt = "2026-01-01T00:00:00Z" } = made;
  const { phase = "Running", containers = { main: running() }, initContainers = {} } = made;
  const statuses = (of: MadePod["containers"] = {}) =>
    Object.entries(of).flatMap(([name, status]) => (status === undefined ? [] : [{ name, ...status }]));
  const specs = (of: MadePod["containers"] = {}) =>
    Object.keys(of).map((name) => ({ name, image: "registry.example.com/tests" }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(made),
      namespace,
      creationTimestamp: createdAt,
      ...(made.deletedAt !== undefined && { deletionTimestamp: made.deletedAt }),
      ...(made.index !== undefined && {
        annotations: { "batch.kubernetes.io/job-completion-index": String(made.index) },
      }),
      labels: { "analysisrun.argoproj.io/uid": uid, "batch.kubernetes.io/job-name": job },
      ownerReferences: [
        {
          apiVersion: "batch/v1",
          kind: "Job",
          name: job,
          uid: "00000000-0000-4000-8000-00000000000a",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      restartPolicy: "Never",
      initContainers: specs(initContainers),
      containers: specs(containers),
      ...made.spec,
    },
    status: {
      phase,
      initContainerStatuses: statuses(initContainers),
      containerStatuses: statuses(containers),
      ...made.status,
    },
  };
}

/** The pod's name. */
export function podName({ job, suffix = "aaaaa" }: Pick<MadePod, "job" | "suffix">): string {
  return `${`${job}-`.slice(0, 58)}${suffix}`;
}

const COMMON = {
  image: "registry.example.com/tests",
  imageID: "registry.example.com/tests@sha256:0",
  ready: false,
  restartCount: 0,
};
const ID = { containerID: "containerd://0123456789abcdef" };
/** Kubernetes' message beside a reason, which may contain addresses. */
const MESSAGE = "nothing to be had from 10.0.0.1:5000";

/** A running container. */
export function running(): MadeStatus {
  return { ...COMMON, ...ID, ready: true, state: { running: { startedAt: "2026-01-01T00:00:01Z" } } };
}

/** A terminated container. */
export function terminated(exitCode: number, finishedAt = "2026-01-01T00:04:59Z", reason?: string): MadeStatus {
  return { ...COMMON, ...ID, state: end(exitCode, finishedAt, reason) };
}

/** A container that has not started or, with `exitCodeBefore`, waits for its restart. */
export function waiting(reason: string, exitCodeBefore?: number): MadeStatus {
  return {
    ...COMMON,
    state: { waiting: { reason, message: MESSAGE } },
    ...(exitCodeBefore !== undefined && { restartCount: 3, lastState: end(exitCodeBefore, "2026-01-01T00:04:00Z") }),
  };
}

function end(exitCode: number, finishedAt: string, reason = exitCode === 0 ? "Completed" : "Error"): object {
  return { terminated: { ...ID, exitCode, reason, startedAt: "2026-01-01T00:00:01Z", finishedAt } };
}
