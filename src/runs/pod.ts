/** A pod of a run's Job, as far as its logs are concerned. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** The Job that made it. */
  readonly jobName: string;
  readonly createdAt: string;
  /** In Kubernetes' words. */
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  /** Init containers first. */
  readonly containers: readonly ContainerStatus[];
}

/** What became of a container. */
export interface ContainerStatus {
  readonly name: string;
  readonly init: boolean;
  readonly state: "unknown" | "waiting" | "running" | "terminated";
  /** What it ended with; of one that waits to be restarted, what it ended with before. */
  readonly exitCode: number | undefined;
  readonly reason: string;
  readonly message: string;
  readonly restarts: number;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
}

/** Whether a container ended badly, now or before its last restart. */
export function endedBadly({ exitCode }: ContainerStatus): boolean {
  return exitCode !== undefined && exitCode !== 0;
}
