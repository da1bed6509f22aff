/** A pod of a run's Job, as far as its logs are concerned. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** The Job that owns it. */
  readonly jobName: string;
  readonly createdAt: string;
  /** Its completion index, if the Job is Indexed. */
  readonly index: number | undefined;
  /** Whether it is being deleted. */
  readonly deleted: boolean;
  /** Whether it is scheduled to a node. */
  readonly scheduled: boolean;
  /** Kubernetes' reason. */
  readonly phase: string;
  /** Why Kubernetes ended it, or has put it on no node. Empty where it says nothing. */
  readonly reason: string;
  readonly message: string;
  /** Init containers first. */
  readonly containers: readonly ContainerStatus[];
}

/** The status of a container. */
export interface ContainerStatus {
  readonly name: string;
  readonly init: boolean;
  /** Whether it is an init container that keeps running beside the others (a native sidecar). */
  readonly sidecar: boolean;
  readonly state: "unknown" | "waiting" | "running" | "terminated";
  /** Its exit code; if it is waiting to be restarted, the one before. */
  readonly exitCode: number | undefined;
  readonly reason: string;
  readonly message: string;
  readonly restarts: number;
  /** Whether it has started; for a sidecar, whether the containers after it may start. */
  readonly up: boolean;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
}

/** Whether a pod has stopped and never runs again. */
export function isOver({ phase }: Pick<Pod, "phase">): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** Whether a container failed, now or before its last restart. */
export function endedBadly({ exitCode }: ContainerStatus): boolean {
  return exitCode !== undefined && exitCode !== 0;
}
