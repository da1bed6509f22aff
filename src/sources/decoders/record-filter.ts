import type { LogTarget } from "../source.ts";
import type { LogRecord, RecordOwner } from "./record.ts";

/** The random end that Kubernetes gives the name of a Job's pod. */
const POD_SUFFIX = /^[a-z0-9]{5}$/;
/** Clocks of nodes and of the API server differ by so much, and a measurement's times are in whole seconds. */
const CLOCK_SLACK_MS = 2_000;
const MAX_PODS = 10_000;

/** Selects the records of one container of one attempt. */
export interface RecordFilter {
  /** Whether a line that does not name its namespace, pod and container is left out. */
  readonly strict: boolean;
  /** A text that each line of the container has, whatever its format. `undefined`: none is known. */
  readonly mark: string | undefined;
  wants(record: Pick<LogRecord, "owner" | "time">): boolean;
}

/**
 * Creates the filter for a container: a record is refused if it names another namespace, pod or container.
 *
 * Without a pod in the cluster, a pod belongs to the attempt if its labels name the Job, or else its name has the Job's
 * prefix. If that prefix was cut (Kubernetes keeps 58 characters), attempts have it in common, and only their times tell
 * their pods apart.
 *
 * @param strict whether a record must name all three: where lines of several Jobs are stored together.
 */
export function createRecordFilter({ values, pod: known }: LogTarget, strict: boolean): RecordFilter {
  const { jobNamespace, jobName = "", podPrefix = "", container, startedAt, finishedAt } = values.variables;
  const isCut = podPrefix !== `${jobName}-`;
  const since = isCut ? stamp(startedAt, -CLOCK_SLACK_MS) : undefined;
  const until = isCut ? stamp(finishedAt, CLOCK_SLACK_MS) : undefined;
  /** By pod: whether it belongs to the attempt, which its first line tells. */
  const pods = new Map<string, boolean>();

  const isInTime = (time: string | undefined): boolean =>
    !isCut || (time !== undefined && (since === undefined || time >= since) && (until === undefined || time <= until));

  const isOfJob = ({ pod, job }: RecordOwner, time: string | undefined): boolean => {
    if (job !== undefined) return job === jobName;
    if (pod === undefined || podPrefix === "" || !pod.startsWith(podPrefix)) return false;
    if (!POD_SUFFIX.test(pod.slice(podPrefix.length))) return false;
    const before = pods.get(pod);
    if (before !== undefined) return before;
    const isOwn = isInTime(time);
    if (pods.size < MAX_PODS) pods.set(pod, isOwn);
    return isOwn;
  };

  return {
    strict,
    mark: strict ? (known?.name ?? (podPrefix || undefined)) : undefined,
    wants({ owner, time }) {
      const { namespace, pod, job, container: name } = owner;
      if (namespace === undefined ? strict : namespace !== jobNamespace) return false;
      if (name === undefined ? strict : name !== container) return false;
      if (pod === undefined) return !strict && (job === undefined || job === jobName);
      return known === undefined ? isOfJob(owner, time) : pod === known.name;
    },
  };
}

function stamp(time: string | undefined, slackMs: number): string | undefined {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? undefined : new Date(ms + slackMs).toISOString().replace("Z", "000000Z");
}
