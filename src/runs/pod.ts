/** A pod of a run's Job, as far as its logs are concerned. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** The Job that made it. */
  readonly jobName: string;
  readonly createdAt: string;
  /** Which part of the Job's work it does, where the Job numbers it. */
  readonly index: number | undefined;
  /** Whether it is being deleted. */
  readonly deleted: boolean;
  /** Whether it has a node to run on. */
  readonly scheduled: boolean;
  /** In Kubernetes' words. */
  readonly phase: string;
  /** Why Kubernetes ended it, or has put it on no node. Empty where it says nothing. */
  readonly reason: string;
  readonly message: string;
  /** Init containers first. */
  readonly containers: readonly ContainerStatus[];
}

/** What became of a container. */
export interface ContainerStatus {
  readonly name: string;
  readonly init: boolean;
  /** Whether it is an init container that goes on beside the others, once it is up (a native sidecar). */
  readonly sidecar: boolean;
  readonly state: "unknown" | "waiting" | "running" | "terminated";
  /** What it ended with; of one that waits to be restarted, what it ended with before. */
  readonly exitCode: number | undefined;
  readonly reason: string;
  readonly message: string;
  readonly restarts: number;
  /** Whether it is up: of a sidecar, whether the containers after it may start. */
  readonly up: boolean;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
}

/** Whether a pod does not run any more, and never will. */
export function isOver({ phase }: Pick<Pod, "phase">): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** Whether a container ended badly, now or before its last restart. */
export function endedBadly({ exitCode }: ContainerStatus): boolean {
  return exitCode !== undefined && exitCode !== 0;
}
