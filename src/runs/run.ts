import type { JobLifetime } from "./job-lifetime.ts";
import type { MeasurementCounts, Measuring } from "./measuring.ts";
import type { Verdict } from "./verdict.ts";

/** Which run: the names that a caller gives. */
export interface RunRef {
  readonly namespace: string;
  readonly name: string;
}

/** The state of a run, a metric or an attempt, in Argo Rollouts' words; `Unknown` where it says nothing yet. */
export type Phase = "Unknown" | "Pending" | "Running" | "Successful" | "Failed" | "Error" | "Inconclusive";

/** Whether a phase is one that does not change any more. */
export function hasEnded(phase: Phase): boolean {
  return phase === "Successful" || phase === "Failed" || phase === "Error" || phase === "Inconclusive";
}

/** Whether a phase is one that a reader wants explained. */
export function hasFailed(phase: Phase): boolean {
  return phase === "Failed" || phase === "Error";
}

/** How many characters of a run's message a list shows: it may be as long as whatever went wrong. */
export const LISTED_MESSAGE_LENGTH = 500;

/** What a list tells of a run's verdict: no pod is read for it. */
export type ObjectVerdict = Pick<Verdict, "result" | "cause" | "failedDryRuns">;

/** A run as lists show it. Times are RFC 3339. */
export interface RunSummary extends RunRef {
  readonly stage: string | undefined;
  readonly phase: Phase;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly uid: string;
  /** Why it has its phase, in Argo Rollouts' words; in a list the beginning of it. */
  readonly message: string;
  readonly freightCollection: string | undefined;
  /** Names of the Freight that own the run. */
  readonly freight: readonly string[];
  /** What it comes to, by what the object says. Only in lists; absent where there is nothing to tell. */
  readonly verdict?: ObjectVerdict;
  /** Another one where anything of the object is another. Only where a run is read or watched by itself. */
  readonly version?: string;
}

/**
 * An AnalysisRun, as far as logs are concerned. Everything in it but `namespace`, `name`, `uid` and `createdAt` is its
 * author's word.
 */
export interface Run extends RunSummary {
  readonly promotion: string | undefined;
  readonly rollout: string | undefined;
  readonly revision: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Arguments that have a literal value. */
  readonly args: Readonly<Record<string, string>>;
  /** Whether somebody, or the Rollout, has asked for it to be ended early. */
  readonly terminate: boolean;
  readonly metrics: readonly Metric[];
}

/** One metric of a run. */
export interface Metric {
  readonly name: string;
  /** `job` for those that have logs. */
  readonly provider: string;
  readonly phase: Phase;
  readonly message: string;
  /** Whether its result does not count. */
  readonly dryRun: boolean;
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** Init containers first. */
  readonly containers: readonly Container[];
  /** How long its Jobs and their pods live. */
  readonly lifetime: JobLifetime;
  /** The container that the Job's pods name as their default. */
  readonly defaultContainer: string | undefined;
  /**
   * For how long after the run's start it is not measured, in milliseconds. 0 where it says nothing, or nothing that
   * Argo Rollouts could read.
   */
  readonly initialDelayMs: number;
  readonly measuring: Measuring;
  /** `undefined` before the first measurement has ended. */
  readonly counts: MeasurementCounts | undefined;
}

/** One measurement; for a job metric, one Job. */
export interface Attempt {
  readonly number: number;
  readonly phase: Phase;
  readonly message: string;
  readonly value: string;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  /** The Job, as the run's status names it: not to be believed before `jobOf` has looked at it. */
  readonly claimedJob: { readonly namespace: string; readonly name: string } | undefined;
}

/** One container of a Job's pods. */
export interface Container {
  readonly name: string;
  readonly init: boolean;
  /** Whether it is not of the Job's template: a webhook of the cluster has added it to the pod. Default: no. */
  readonly added?: boolean;
}
