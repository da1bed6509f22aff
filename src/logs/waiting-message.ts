import type { Failure } from "../failure.ts";
import { printable, quoted } from "../quoted.ts";
import type { ContainerStatus, Pod } from "../runs/pod.ts";
import { hasEnded } from "../runs/run.ts";
import { isUnstarted } from "./retry-rules.ts";
import type { ContainerView } from "./view.ts";

/** Messages of schedulers and kubelets may be long. */
const MAX_MESSAGE_LENGTH = 300;
/** Kubernetes' reasons for an image that cannot be pulled. */
const IMAGE_REASONS = /^(ImagePullBackOff|ErrImage\w*|InvalidImageName|Image\w+Error|RegistryUnavailable)$/;

/**
 * Says what the reader is waiting for.
 *
 * @param hasPods whether a source reads pods.
 * @param begun whether something of the log was read.
 */
export function waitingMessage(
  failure: Failure,
  view: ContainerView,
  { hasPods, begun }: { readonly hasPods: boolean; readonly begun: boolean },
): string {
  const { pod, container, attempt } = view;
  if (pod !== undefined && isUnstarted(view)) return `Waiting. ${describeUnstarted(pod, container.name)}`;
  if (pod === undefined && hasPods && !hasEnded(attempt.phase)) {
    return `Waiting. The Job of attempt ${attempt.number} ${begun ? "no longer has a pod" : "has no pod yet"}.`;
  }
  return `Waiting. ${failure.message}`;
}

/**
 * Says that a running container has written nothing yet: its program may be buffering, which its author may not know.
 *
 * @param now milliseconds since 1970.
 * @param afterMs how long it may be silent before that, in milliseconds.
 */
export function silenceMessage({ status }: ContainerView, now: number, afterMs: number): string | undefined {
  if (status?.state !== "running") return undefined;
  const ms = now - Date.parse(status.startedAt ?? "");
  if (!(ms >= afterMs)) return undefined;
  const minutes = Math.floor(ms / 60_000);
  const silence = `The container has written nothing yet (${minutes} min).`;
  return `${silence} Programs buffer their output when it is not a terminal.`;
}

/**
 * Says what a container that has not started is waiting for: a node, the init containers before it, its image, or its
 * creation.
 *
 * @returns one or more sentences.
 */
export function describeUnstarted(pod: Pod, container: string): string {
  if (!pod.scheduled) return `The pod ${quoted(pod.name)} is not scheduled yet${because(pod)}`;
  const own = pod.containers.findIndex(({ name }) => name === container);
  const before = pod.containers.slice(0, Math.max(0, own)).find(({ init, ...each }) => init && isInTheWay(each));
  if (before?.state === "running") {
    return before.sidecar
      ? `The container ${quoted(container)} is waiting for the sidecar ${quoted(before.name)} to start.`
      : `The container ${quoted(container)} is waiting for the init container ${quoted(before.name)} to finish.`;
  }
  const status = before ?? pod.containers[own];
  if (status === undefined) return `The container ${quoted(container)} has not started yet.`;
  const name = `${status.init ? "init container" : "container"} ${quoted(status.name)}`;
  if (status.exitCode !== undefined) {
    return `The ${name} exited with code ${status.exitCode} and will be restarted${because(status)}`;
  }
  if (IMAGE_REASONS.test(status.reason)) return `The image of the ${name} could not be pulled${because(status)}`;
  if (/^(ContainerCreating|PodInitializing|)$/.test(status.reason)) return `The ${name} is being created.`;
  return `The ${name} could not be started${because(status)}`;
}

/** Whether the containers after an init container have to wait for it. */
function isInTheWay({ sidecar, state, exitCode, up }: Omit<ContainerStatus, "init">): boolean {
  return sidecar ? !up : !(state === "terminated" && exitCode === 0);
}

/** Ends a sentence with a reason, if it is one word (some container runtimes put whole errors there), and a message. */
export function because({ reason, message }: Pick<Pod, "reason" | "message">): string {
  const word = /^\w{1,64}$/.test(reason) ? ` (${reason})` : "";
  const text = printable(message.trim());
  const cut =
    text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
  return cut === "" ? `${word}.` : `${word}: ${cut.replace(/\.$/, "")}.`;
}
