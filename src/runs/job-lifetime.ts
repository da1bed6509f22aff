import { type Fields, optionalFields } from "../kube/fields.ts";
import { type Attempt, hasFailed, type Metric } from "./run.ts";

/** What a Job's specification says of how long it and its pods live. */
export interface JobLifetime {
  /** `Never` or `OnFailure`; empty where it says nothing. */
  readonly restartPolicy: string;
  readonly activeDeadlineSeconds: number | undefined;
  readonly ttlSecondsAfterFinished: number | undefined;
  /** How often the Job may retry. */
  readonly backoffLimit: number | undefined;
}

/** Reads it, whatever stands in its fields. */
export function lifetimeOf(jobSpec: Fields | undefined, podSpec: Fields | undefined): JobLifetime {
  return {
    restartPolicy: typeof podSpec?.restartPolicy === "string" ? podSpec.restartPolicy : "",
    activeDeadlineSeconds: countIn(jobSpec?.activeDeadlineSeconds),
    ttlSecondsAfterFinished: countIn(jobSpec?.ttlSecondsAfterFinished),
    backoffLimit: countIn(jobSpec?.backoffLimit),
  };
}

/** Reads it out of a metric's provider; of none that says nothing. */
export function providerLifetime(job: unknown): JobLifetime {
  try {
    const jobSpec = optionalFields(optionalFields(job, "job")?.spec, "spec");
    return lifetimeOf(jobSpec, optionalFields(optionalFields(jobSpec?.template, "template")?.spec, "spec"));
  } catch {
    return lifetimeOf(undefined, undefined);
  }
}

/** Why the pods of an attempt that has ended are gone, and the seconds that the specification names. */
export interface PodGone {
  /**
   * `restart-policy`: it is OnFailure, and Kubernetes deletes the pod of a Job that fails. `deadline`: the Job's.
   * `ttl`: finished Jobs are deleted after a while. `undefined`: not known.
   */
  readonly why: "restart-policy" | "deadline" | "ttl" | undefined;
  readonly seconds: number;
}

/** Tells it by the Job's own specification (https://kubernetes.io/docs/concepts/workloads/controllers/job/). */
export function podGone({ lifetime }: Pick<Metric, "lifetime">, attempt: Attempt): PodGone {
  const { restartPolicy, activeDeadlineSeconds, ttlSecondsAfterFinished } = lifetime;
  const failed = hasFailed(attempt.phase);
  if (failed && activeDeadlineSeconds !== undefined && /\bspecified deadline\b/.test(attempt.message)) {
    return { why: "deadline", seconds: activeDeadlineSeconds };
  }
  if (failed && restartPolicy === "OnFailure") return { why: "restart-policy", seconds: 0 };
  if (ttlSecondsAfterFinished !== undefined) return { why: "ttl", seconds: ttlSecondsAfterFinished };
  return { why: undefined, seconds: 0 };
}

/** The same as the rest of a sentence; empty where it is not known. */
export function goneText({ why, seconds }: PodGone): string {
  switch (why) {
    case "restart-policy":
      return (
        "its restartPolicy is OnFailure, so Kubernetes deleted it when the Job failed; " +
        "restartPolicy Never, or an archive, keeps the log"
      );
    case "deadline":
      return `Kubernetes deleted it when the Job's deadline of ${seconds} s passed; an archive keeps the log`;
    case "ttl":
      return `Kubernetes deletes the Job ${seconds} s after its end (ttlSecondsAfterFinished); an archive keeps the log`;
    default:
      return "";
  }
}

function countIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31 ? value : undefined;
}
