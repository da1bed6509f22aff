import { Failure } from "../failure.ts";
import { isObjectName } from "../kube/names.ts";
import { quoted } from "../quoted.ts";
import { type Attempt, hasEnded, type Run } from "./run.ts";

/** A Job that is known to be the run's own. */
export interface Job {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The Job of an attempt, if it can be the run's.
 *
 * Whoever may write a run may write any Job's name into its status. Argo Rollouts begins a Job's name with the uid of
 * its run, which nobody can choose: so a name that begins otherwise is somebody else's Job.
 *
 * @param jobNamespaces the namespaces, beside the run's, in which Argo Rollouts may be set up to make Jobs.
 * @throws Failure JOB_NOT_OF_RUN; JOB_NOT_CREATED where the attempt ended before there was a Job; JOB_NOT_STARTED where
 * there is none yet.
 */
export function jobOf(run: Run, attempt: Attempt, jobNamespaces: readonly string[]): Job {
  const job = attempt.claimedJob;
  if (job === undefined) {
    if (!hasEnded(attempt.phase)) throw notStarted(`Attempt ${attempt.number} has not created its Job yet.`);
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

/** The failure of those who ask for the log of a Job that there is not yet. */
export function notStarted(message: string): Failure {
  return new Failure("not-yet", "JOB_NOT_STARTED", message, { next: "Try again when the verification has begun." });
}
