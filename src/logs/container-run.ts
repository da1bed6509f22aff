import { runBeside } from "../runs/pod-choice.ts";
import type { Position } from "./position.ts";
import { type ContainerView, viewContainer } from "./view.ts";

/** The run of a container whose log is read next. */
export interface ContainerRun {
  readonly view: ContainerView;
  /** What to say where it is another one than before. */
  readonly changed: string | undefined;
}

export interface ContainerRunOptions {
  /** Whether the log of the run before was read to its end, once that run had ended. */
  readonly drained: boolean;
  /** Whether the pod was named: then no other one is gone on with. */
  readonly podNamed: boolean;
}

/**
 * Tells which run of a container is read next: the one that was read until now for as long as there may be more of it, then the next one. A Job that retries makes another
 * pod; a pod may start its container again.
 *
 * @param view the container as it is.
 * @param position where reading was.
 */
export function nextRun(
  view: ContainerView,
  position: Position | undefined,
  { drained, podNamed }: ContainerRunOptions,
): ContainerRun {
  if (position?.pod === undefined || view.pod === undefined) return { view, changed: undefined };
  const index = view.pods.findIndex(({ name }) => name === position.pod);
  if (index === -1) return { view, changed: startedAgain(view, drained ? "" : " The pod before was removed") };

  const own = viewContainer(view, { container: view.container.name, known: view.container, pod: position.pod });
  const { status } = own;
  const before = position.restarts ?? 0;
  const restarts = status === undefined || status.state === "waiting" ? before : status.restarts;
  if (restarts !== before) {
    // The node keeps the log of the run before this one.
    if (!drained && restarts === before + 1) return { view: previousOf(own, before), changed: undefined };
    return { view: own, changed: startedAgain(own, drained ? "" : " It was restarted meanwhile") };
  }
  const read = view.pods[index];
  // Those that run beside it are no retries of it.
  const next = view.pods.slice(index + 1).find((each) => read !== undefined && !runBeside(read, each));
  if (!drained || podNamed || next === undefined) return { view: own, changed: undefined };
  const other = viewContainer(view, { container: view.container.name, known: view.container, pod: next.name });
  return { view: other, changed: startedAgain(other, "") };
}

function previousOf(view: ContainerView, restarts: number): ContainerView {
  const { target, status } = view;
  return {
    ...view,
    ...(status && { status: { ...status, restarts } }),
    target: { ...target, ...(target.pod && { pod: { ...target.pod, previous: true, unstarted: undefined } }) },
  };
}

function startedAgain({ pod, container }: ContainerView, lost: string): string {
  const missing = lost && `${lost}: what it wrote last may be missing.`;
  return `The container "${container.name}" was started again, in pod ${pod?.name}: its log follows.${missing}`;
}
