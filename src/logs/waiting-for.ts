import { printable, quoted } from "../quoted.ts";
import type { ContainerStatus, Pod } from "../runs/pod.ts";

/** The messages of schedulers and kubelets may be long. */
const MOST = 300;
/** Kubernetes' words for an image that does not come. */
const IMAGE_REASONS = /^(ImagePullBackOff|ErrImage\w*|InvalidImageName|Image\w+Error|RegistryUnavailable)$/;

/**
 * Says what a container that has not been started waits for: a node, the init containers before it, its image, or to be created.
 *
 * @returns one sentence, or more.
 */
export function waitingFor(pod: Pod, container: string): string {
  if (!pod.scheduled) return `The pod ${quoted(pod.name)} is on no node yet${because(pod)}`;
  const own = pod.containers.findIndex(({ name }) => name === container);
  const before = pod.containers.slice(0, Math.max(0, own)).find(({ init, ...each }) => init && isInTheWay(each));
  if (before?.state === "running") {
    return before.sidecar
      ? `The container ${quoted(container)} waits until the sidecar ${quoted(before.name)} is up.`
      : `The container ${quoted(container)} waits until the init container ${quoted(before.name)} has ended.`;
  }
  const status = before ?? pod.containers[own];
  if (status === undefined) return `The container ${quoted(container)} has not been started yet.`;
  const name = `${status.init ? "init container" : "container"} ${quoted(status.name)}`;
  if (status.exitCode !== undefined) {
    return `The ${name} ended with exit code ${status.exitCode}, and is to be started again${because(status)}`;
  }
  if (IMAGE_REASONS.test(status.reason)) return `The image of the ${name} could not be pulled${because(status)}`;
  if (/^(ContainerCreating|PodInitializing|)$/.test(status.reason)) return `The ${name} is being created.`;
  return `The ${name} could not be started${because(status)}`;
}

/** Whether the containers after an init container have to wait for it. */
function isInTheWay({ sidecar, state, exitCode, up }: Omit<ContainerStatus, "init">): boolean {
  return sidecar ? !up : !(state === "terminated" && exitCode === 0);
}

/** The end of a sentence: a reason is a word, though some container runtimes have put whole errors there; a message is anything. */
function because({ reason, message }: Pick<Pod, "reason" | "message">): string {
  const word = /^\w{1,64}$/.test(reason) ? ` (${reason})` : "";
  const text = printable(message.trim());
  const cut = text.length > MOST ? `${text.slice(0, MOST).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
  return cut === "" ? `${word}.` : `${word}: ${cut.replace(/\.$/, "")}.`;
}
