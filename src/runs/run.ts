import { copied, type LeftOut } from "./bounds.ts";
import type { JobLifetime } from "./job-lifetime.ts";
import type { MeasurementCounts, Measuring } from "./measuring.ts";
import type { Verdict } from "./verdict.ts";

/** Identifies a run by the caller's names. */
export interface RunRef {
  readonly namespace: string;
  readonly name: string;
}

/** The phase of a run, a metric or an attempt, as Argo Rollouts names it; `Unknown` if there is none yet. */
export type Phase = "Unknown" | "Pending" | "Running" | "Successful" | "Failed" | "Error" | "Inconclusive";

const PHASES: ReadonlySet<unknown> = new Set(["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive"]);

/** A known phase; anything else is `Unknown`. */
export function phaseOf(phase: unknown): Phase {
  return PHASES.has(phase) ? (phase as Phase) : "Unknown";
}

/** Whether a phase is final. */
export function hasEnded(phase: Phase): boolean {
  return phase === "Successful" || phase === "Failed" || phase === "Error" || phase === "Inconclusive";
}

/** Whether a phase needs an explanation. */
export function hasFailed(phase: Phase): boolean {
  return phase === "Failed" || phase === "Error";
}

/** The maximum characters of a run's message in a list. Messages can be very long. */
const LISTED_MESSAGE_LENGTH = 500;

/** The beginning of a message, for a list. Half of a surrogate pair at the cut is removed. */
export function listedMessage(message: string): string {
  if (message.length <= LISTED_MESSAGE_LENGTH) return message;
  return copied(message.slice(0, LISTED_MESSAGE_LENGTH)).replace(/[\ud800-\udbff]$/, "");
}

/** What a list tells of a run's verdict: no pod is read for it. */
export interface ObjectVerdict extends Pick<Verdict, "result" | "cause"> {
  /** The names of failed dry runs, at most {@link LISTED_DRY_RUNS}. */
  readonly failedDryRuns: readonly string[];
  /** How many more there are. */
  readonly moreFailedDryRuns: number;
}

/** How many names of failed dry runs are listed. */
export const LISTED_DRY_RUNS = 20;

/** A run in a list. Times are RFC 3339. */
export interface RunSummary extends RunRef {
  readonly stage: string | undefined;
  readonly phase: Phase;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly uid: string;
  /** Why it has its phase, as Argo Rollouts reports it; in a list, the beginning. */
  readonly message: string;
  readonly freightCollection: string | undefined;
  /** Names of the Freight that own the run. */
  readonly freight: readonly string[];
  /** By what the object says. Only in lists; absent where there is nothing to tell. */
  readonly verdict?: ObjectVerdict;
  /** Changes whenever anything in the object changes. Only if a single run is read or watched. */
  readonly version?: string;
}

/**
 * An AnalysisRun, as far as logs are concerned. Everything in it except `namespace`, `name`, `uid` and `createdAt` was
 * written by its author, and must not be trusted.
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
  /** What of the object was not read. */
  readonly leftOut: LeftOut;
}

/** One metric of a run. */
export interface Metric {
  readonly name: string;
  /** `job` for metrics with logs. */
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
  /** The default container of the Job's pods, by their annotation. */
  readonly defaultContainer: string | undefined;
  /**
   * The initial delay after the run's start, in milliseconds. 0 if it is absent, or Argo Rollouts cannot parse it.
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
  /** The Job that the run's status names. Not to be trusted until `jobOf` has checked it. */
  readonly claimedJob: { readonly namespace: string; readonly name: string } | undefined;
}

/** One container of a Job's pods. */
export interface Container {
  readonly name: string;
  readonly init: boolean;
  /** Whether it is not of the Job's template: a webhook of the cluster has added it to the pod. Default: no. */
  readonly added?: boolean;
}
