import type { CauseReason } from "../runs/cause.ts";
import type { Pod } from "../runs/pod.ts";
import { podEnd } from "../runs/pod-cause.ts";
import { because } from "./waiting-message.ts";

const WHAT: Partial<Readonly<Record<NonNullable<CauseReason>, string>>> = {
  evicted: "Kubernetes evicted the pod",
  preempted: "Kubernetes gave the pod's place to a pod with a higher priority",
  "node-shutdown": "The pod's node was shut down",
  "node-lost": "The pod's node was lost or drained",
  deadline: "The pod ran for longer than its deadline allows, so Kubernetes ended it",
  "pod-ended": "Kubernetes ended the pod",
};

/** Says what Kubernetes did to a pod. `undefined` if it did nothing. */
export function podEndMessage(pod: Pod): string | undefined {
  const end = podEnd(pod);
  const what = WHAT[end?.reason ?? "contradiction"];
  return what && `${what}${because(pod)}`;
}
