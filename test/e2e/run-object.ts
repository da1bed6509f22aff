import type { KubeObject } from "../../src/demo/objects.ts";

/** One measurement of a job metric. */
export interface RunAttempt {
  readonly number: number;
  /** Default: the metric's. */
  readonly phase?: string;
  readonly message?: string;
  /** The Job's name; empty: there is none. Default: as Argo Rollouts names it. */
  readonly job?: string;
}

/** A run of one job metric, measured once; by default it failed two hours ago. */
export interface RunState {
  readonly phase?: string;
  /** The run's message from Argo Rollouts. */
  readonly message?: string;
  /** Milliseconds since it ended. */
  readonly endedMs?: number;
  readonly metric?: string;
  readonly attempts?: readonly RunAttempt[];
  readonly containers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;

/** The name of an attempt's Job. */
export function jobName(uid: string, attempt: number): string {
  return `${uid}.test.${attempt}`;
}

/** An AnalysisRun of the Stage "uat" in the project "shop", as Kargo and Argo Rollouts write it. */
export function runObject({ name, uid }: { readonly name: string; readonly uid: string }, state: RunState): KubeObject {
  const { phase = "Failed", endedMs = 2 * HOUR_MS, metric = "integration-test", containers = ["test"] } = state;
  const {
    message = phase === "Failed" ? `Metric "${metric}" assessed Failed due to failed (1) > failureLimit (0)` : "",
  } = state;
  const isOver = phase !== "Running" && phase !== "Pending";
  const { attempts = phase === "Pending" ? [] : [{ number: 1 }] } = state;
  const ended = new Date(Date.now() - endedMs).toISOString();
  const started = new Date(Date.now() - (isOver ? endedMs : 0) - 134_000).toISOString();
  const measurements = attempts.map(
    ({ number, phase: measured = phase, message: said, job = jobName(uid, number) }) => ({
      phase: measured,
      startedAt: started,
      ...(measured !== "Running" && { finishedAt: ended }),
      ...(said !== undefined && { message: said }),
      ...(job !== "" && { metadata: { "job-name": job, "job-namespace": "shop" } }),
    }),
  );
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: {
      name,
      namespace: "shop",
      uid,
      creationTimestamp: started,
      labels: { "kargo.akuity.io/stage": "uat", ...state.labels },
    },
    spec: {
      metrics: [
        {
          name: metric,
          provider: {
            job: { spec: { template: { spec: { containers: containers.map((each) => ({ name: each })) } } } },
          },
        },
      ],
    },
    status: {
      phase,
      message,
      startedAt: started,
      ...(isOver && { completedAt: ended }),
      ...(measurements.length > 0 && { metricResults: [{ name: metric, phase, measurements }] }),
    },
  };
}
