import { podLabel } from "../pod-label.ts";
import { containersIn } from "../runs/containers-in.ts";
import type { Pod } from "../runs/pod.ts";
import { explainingPod, hasFailedPod } from "../runs/pod-choice.ts";
import type { Container } from "../runs/run.ts";
import { podPrefix } from "../runs/template-values.ts";
import type { LogSource } from "../sources/source.ts";
import { candidatesFor } from "./candidates.ts";
import type { LogRequest } from "./log-request.ts";
import { type AttemptView, type ContainerView, viewContainer } from "./view.ts";

/**
 * Whose log of a container is read:
 * - `attempt`: that of the pod that explains the attempt, and then of the pods that the Job retries with.
 * - `pod`: that of one pod, from sources that have a log for each pod.
 * - `job`: that of all pods in one, from sources that keep one for each Job.
 */
export type LogScope = "attempt" | "pod" | "job";

/** One of the logs that are read of an attempt. */
export interface AttemptLog {
  /** Identifies it among the attempt's logs, also in cursors. */
  readonly key: string;
  readonly scope: LogScope;
  readonly container: Container;
  /** Present if the scope is `pod`. */
  readonly pod: Pick<Pod, "name" | "index"> | undefined;
}

/** Whether the request is for several logs, each of whose chunks is labelled. */
export function readsSeveral({ allContainers, allPods }: Pick<LogRequest, "allContainers" | "allPods">): boolean {
  return allContainers === true || allPods === true;
}

/** Names a log among those of its attempt, for a person. */
export function labelOf({ container, pod }: AttemptLog): string {
  return pod === undefined ? container.name : `${podLabel(pod.name, pod.index)}/${container.name}`;
}

/** The log of a container, for a scope without a pod. */
export function containerLog(scope: Exclude<LogScope, "pod">, container: Container): AttemptLog {
  return { key: container.name, scope, container, pod: undefined };
}

/**
 * Which scopes to try, one after another, until one of them has a log.
 *
 * While the Job runs, its pods have the most of its log. Afterwards archives do, in the order of the configuration.
 *
 * @param resumed the keys of the logs in the cursor: what was begun is not chosen again.
 */
export function scopesOf(
  view: AttemptView,
  { allPods }: Pick<LogRequest, "allPods">,
  sources: readonly LogSource[],
  { follows, resumed }: { readonly follows: boolean; readonly resumed: readonly string[] },
): readonly LogScope[] {
  if (!allPods) return ["attempt"];
  const candidates = candidatesFor(
    sources.filter((each) => each.matches(view.facts)),
    view,
    undefined,
  );
  const [first] = candidates;
  const hasByJob = candidates.some(({ byPod }) => !byPod);
  if (resumed.length > 0) return resumed.some(isPodKey) ? ["pod"] : [hasByJob ? "job" : "attempt"];
  // Only a live source knows which pods there are.
  const mayHavePods = view.pods.length > 0 || (follows && candidates.some(({ capabilities }) => capabilities.live));
  if (!mayHavePods) return ["attempt"];
  return first?.byPod || !hasByJob ? ["pod", "attempt"] : ["job", "pod", "attempt"];
}

/** The logs of a container, or of all, in the scope of an attempt or its Job. */
export function containerLogs(
  scope: Exclude<LogScope, "pod">,
  view: AttemptView,
  { allContainers, selector }: Pick<LogRequest, "allContainers" | "selector">,
): readonly AttemptLog[] {
  if (allContainers) return containersIn(view.metric, view.pods).map((each) => containerLog(scope, each));
  return [containerLog(scope, viewContainer(view, { container: selector.container }).container)];
}

/** The logs of all pods that exist: of the named container, of the one that explains each pod, or of all. */
export function podLogs(
  view: AttemptView,
  { allContainers, selector }: Pick<LogRequest, "allContainers" | "selector">,
): readonly AttemptLog[] {
  const { metric, pods } = view;
  return pods.flatMap((pod) => {
    const all = containersIn(metric, [pod]);
    const isNamed = selector.container !== undefined;
    let containers = all;
    if (isNamed) containers = all.filter(({ name }) => name === selector.container);
    else if (!allContainers) containers = [viewContainer({ ...view, pods: [pod] }, {}).container];
    return containers.map((container) => podLog(view, pod, container));
  });
}

/** The log of a cursor's key, whose pod may be gone. */
export function podLogOf(key: string, view: AttemptView): AttemptLog {
  const [pod = "", container = ""] = key.split("/", 2);
  const name = pod.startsWith(SHORT) ? `${prefixOf(view)}${pod.slice(SHORT.length)}` : pod;
  const known = view.pods.find((each) => each.name === name) ?? { name, index: undefined };
  const all = containersIn(view.metric, view.pods);
  return podLog(
    view,
    known,
    all.find((each) => each.name === container) ?? { name: container, init: false, added: true },
  );
}

/** Puts the logs of the pod that failed first, and of others that failed, before those of the rest. */
export function byImportance(logs: readonly AttemptLog[], pods: readonly Pod[]): readonly AttemptLog[] {
  const choice = explainingPod(pods);
  const failed = new Set(pods.filter(hasFailedPod).map(({ name }) => name));
  const rank = ({ pod }: AttemptLog): number => {
    if (choice?.failed && pod?.name === choice.pod.name) return 0;
    return failed.has(pod?.name ?? "") ? 1 : 2;
  };
  return logs.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * Looks a log up in an attempt.
 *
 * @param pod the pod that the request names. Only for the scope `attempt`.
 * @throws Failure POD_NOT_FOUND, which lists what there is.
 */
export function viewLog(view: AttemptView, { scope, container, pod: of }: AttemptLog, pod?: string): ContainerView {
  const selector = { container: container.name, known: container };
  if (scope === "attempt") return viewContainer(view, { ...selector, pod });
  const own = view.pods.filter(({ name }) => name === of?.name);
  const viewed = viewContainer({ ...view, pods: own }, selector);
  if (of === undefined || viewed.pod !== undefined) return viewed;
  // An archive may still have the log of a pod that is gone.
  const { target } = viewed;
  const variables = { ...target.values.variables, podName: of.name };
  return { ...viewed, target: { ...target, values: { ...target.values, variables } } };
}

/** Whether a source can have a log of this scope. */
export function servesScope({ byPod = false }: LogSource, scope: LogScope): boolean {
  return scope === "attempt" || byPod === (scope === "pod");
}

/** Stands for the part of pods' names that is the Job's: no name has this character. */
const SHORT = "~";

function podLog(view: AttemptView, { name, index }: Pick<Pod, "name" | "index">, container: Container): AttemptLog {
  const prefix = prefixOf(view);
  const short = name.startsWith(prefix) ? `${SHORT}${name.slice(prefix.length)}` : name;
  return { key: `${short}/${container.name}`, scope: "pod", container, pod: { name, index } };
}

function prefixOf({ job }: AttemptView): string {
  return podPrefix(job.name);
}

function isPodKey(key: string): boolean {
  return key.includes("/");
}
