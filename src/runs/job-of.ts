import { Failure } from "../failure.ts";
import { isObjectName } from "../kube/names.ts";
import { quoted } from "../quoted.ts";
import { type Attempt, hasEnded, type Run } from "./run.ts";

/** A Job that was verified to belong to the run. */
export interface Job {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Returns the Job of an attempt, if it can belong to the run.
 *
 * A user who may write a run may write any Job's name into its status. Argo Rollouts begins a Job's name with the uid
 * of its run, which nobody can choose, so a Job with another name belongs to something else.
 *
 * @param jobNamespaces namespaces other than the run's in which Argo Rollouts may be configured to create Jobs.
 * @throws Failure JOB_NOT_OF_RUN; JOB_NOT_CREATED if the attempt ended before it created a Job; JOB_NOT_STARTED if
 * there is no Job yet.
 */
export function jobOf(run: Run, attempt: Attempt, jobNamespaces: readonly string[]): Job {
  const job = attempt.claimedJob;
  if (job === undefined) {
    if (!hasEnded(attempt.phase)) throw notStarted(`Attempt ${attempt.number} has not created its Job yet.`);
    // Only a measurement that could not be taken has no Job.
    if (attempt.phase !== "Error" && attempt.phase !== "Inconclusive") {
      throw new Failure("not-found", "JOB_NOT_CREATED", `Attempt ${attempt.number} names no Job.`, {
        next: "There is no log: the run's status does not say which Job it was.",
      });
    }
    throw new Failure(
      "not-found",
      "JOB_NOT_CREATED",
      `Attempt ${attempt.number} ended before there was a Job${attempt.message && `: ${quoted(attempt.message)}`}.`,
      {
        next: "There is no log. The message says why; check the AnalysisTemplate and the cluster's quota.",
      },
    );
  }
  const own =
    job.name.startsWith(`${run.uid}.`) &&
    isObjectName(job.name) &&
    (job.namespace === run.namespace || jobNamespaces.includes(job.namespace));
  if (own) return job;
  throw new Failure(
    "not-found",
    "JOB_NOT_OF_RUN",
    `Attempt ${attempt.number} names a Job that does not belong to this run.`,
    {
      next: "If Argo Rollouts creates Jobs in another namespace here, an operator has to list it in `jobNamespaces`.",
    },
  );
}

/** The failure of a request for the log of a Job that does not exist yet. */
export function notStarted(message: string): Failure {
  return new Failure("not-yet", "JOB_NOT_STARTED", message, { next: "Try again when the verification has begun." });
}
