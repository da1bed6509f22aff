import type { Pod } from "../runs/pod.ts";
import { type Attempt, hasEnded } from "../runs/run.ts";
import type { ContainerSelection } from "../runs/selection.ts";
import type { TargetPod } from "../sources/source.ts";

/**
 * Which log of a container in its pod is meant. Where the container waits to be restarted, it is the one of its run before.
 *
 * @returns `undefined` where no pod was selected.
 */
export function targetPod(
  { phase }: Pick<Attempt, "phase">,
  { pod, container, status }: Pick<ContainerSelection, "pod" | "container" | "status">,
): TargetPod | undefined {
  if (pod === undefined) return undefined;
  const isWaiting = status?.state === "waiting";
  const previous = isWaiting && status.exitCode !== undefined;
  const { namespace, name } = pod;
  // A pod on no node has no word about its containers, but one about itself.
  const unstarted = { reason: status?.reason || pod.reason, final: hasEnded(phase) || isOver(pod) };
  return {
    namespace,
    name,
    container: container.name,
    previous,
    unstarted: isWaiting && !previous ? unstarted : undefined,
  };
}

function isOver({ phase }: Pod): boolean {
  return phase === "Succeeded" || phase === "Failed";
}
