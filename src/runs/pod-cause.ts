import type { Cause } from "./cause.ts";
import { type ContainerStatus, endedBadly, isOver, type Pod } from "./pod.ts";
import { listedMessage } from "./run.ts";

/** Why a pod ended, or what keeps it from running. */
export type PodCause = Pick<
  Cause,
  "kind" | "reason" | "pod" | "container" | "exitCode" | "kubernetesReason" | "message" | "resource"
>;

const NOTHING = { container: "", exitCode: undefined, kubernetesReason: "", message: "", resource: "" };

/**
 * Why a pod failed. What Kubernetes did to it comes before exit codes, which are then a consequence.
 *
 * @returns `undefined` if the pod explains nothing.
 */
export function podCause(pod: Pod): PodCause | undefined {
  if (pod.phase === "Succeeded") return undefined;
  return podEnd(pod) ?? containerCause(pod);
}

/**
 * What Kubernetes did to a pod: by its status, or by its condition DisruptionTarget
 * (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions).
 */
export function podEnd(pod: Pod): PodCause | undefined {
  const { name, reason, message } = pod;
  const of = (kind: Cause["kind"], what: Cause["reason"]): PodCause => ({
    ...NOTHING,
    kind,
    reason: what,
    pod: name,
    kubernetesReason: reason,
    message: listedMessage(message),
    resource: /\blow on resource: ([-\w./]{1,100}?)\.?(\s|$)/.exec(message)?.[1] ?? "",
  });
  if (UNSCHEDULED.test(reason)) return pod.phase === "Pending" ? of("infrastructure", "unschedulable") : undefined;
  // A disrupted pod may still be ending. Of a pod on a lost node, older clusters do not know the phase.
  const isEnding = (pod.deleted && DISRUPTED.test(reason)) || reason === "NodeLost";
  if (reason === "" || !(isOver(pod) || isEnding)) return undefined;
  if (/\bnode shutdown\b/i.test(message) || /^(Node)?Shutdown$/.test(reason))
    return of("infrastructure", "node-shutdown");
  if (/^Preempted in order\b/.test(message)) return of("infrastructure", "preempted");
  if (/^(Evicted|EvictionByEvictionAPI|TerminationByKubelet)$/.test(reason)) return of("infrastructure", "evicted");
  if (/^(Preempt|PreemptionByScheduler)/.test(reason)) return of("infrastructure", "preempted");
  if (/^(DeletionBy\w+|NodeLost)$/.test(reason)) return of("infrastructure", "node-lost");
  if (reason === "DeadlineExceeded") return of("infrastructure", "deadline");
  return of("infrastructure", "pod-ended");
}

/** Kubernetes' reasons for a pod that is on no node, and for one that it disrupts. */
const UNSCHEDULED = /^(Unschedulable|SchedulingGated)$/;
const DISRUPTED = /^(EvictionByEvictionAPI|TerminationByKubelet|Preemption\w+|DeletionBy\w+)$/;

/** Kubernetes' reasons for an image that cannot be pulled, and a container that cannot be created. */
const IMAGE = /^(ImagePullBackOff|ErrImage\w*|Image\w+Error|RegistryUnavailable)$/;
const UNSTARTED = /^(StartError|ContainerCannotRun)$/;
const CONFIG = /^(CreateContainerConfigError|CreateContainerError|RunContainerError)$/;

function containerCause(pod: Pod): PodCause | undefined {
  const of = (kind: Cause["kind"], reason: Cause["reason"], status: ContainerStatus): PodCause => ({
    ...NOTHING,
    kind,
    reason,
    pod: pod.name,
    container: status.name,
    exitCode: status.exitCode,
    kubernetesReason: status.reason,
    message: listedMessage(status.message),
  });
  const failed = firstFailed(pod);
  if (failed !== undefined) {
    // The container runtime could not start its program, and the exit code is the runtime's.
    if (UNSTARTED.test(failed.reason)) return of("configuration", "container-config", failed);
    const isOutOfMemory = failed.reason === "OOMKilled";
    return of(isOutOfMemory ? "infrastructure" : "test-failed", isOutOfMemory ? "out-of-memory" : "exit-code", failed);
  }
  const waiting = pod.containers.find(({ state, reason }) => state === "waiting" && isStuck(reason));
  if (waiting === undefined) return undefined;
  if (waiting.reason === "InvalidImageName") return of("configuration", "image", waiting);
  if (IMAGE.test(waiting.reason)) return of("infrastructure", "image", waiting);
  return of("configuration", "container-config", waiting);
}

function isStuck(reason: string): boolean {
  return reason === "InvalidImageName" || IMAGE.test(reason) || CONFIG.test(reason);
}

/**
 * The container that failed first: the others are often killed because of it. In a pod that succeeded, none: Kubernetes
 * ends sidecars by a signal.
 */
export function firstFailed(pod: Pod): ContainerStatus | undefined {
  if (pod.phase === "Succeeded") return undefined;
  const endOf = ({ endedAt }: ContainerStatus): number => Date.parse(endedAt ?? "") || Number.POSITIVE_INFINITY;
  // Times have whole seconds. Of two in the same second, the sidecar (an init container) was ended because of the
  // other.
  return pod.containers.filter(endedBadly).sort((a, b) => endOf(a) - endOf(b) || Number(a.init) - Number(b.init))[0];
}
