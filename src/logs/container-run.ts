import { runBeside } from "../runs/pod-choice.ts";
import type { Position } from "./position.ts";
import { type ContainerView, viewContainer } from "./view.ts";

/** The run of a container whose log is read next. */
export interface ContainerRun {
  readonly view: ContainerView;
  /** What the notice says, if it is another run than before. */
  readonly changed: string | undefined;
}

export interface ContainerRunOptions {
  /** Whether the log of the previous run was read to its end after that run had ended. */
  readonly drained: boolean;
  /** Whether the pod was named: then no other pod is read. */
  readonly podNamed: boolean;
}

/**
 * Decides which run of a container is read next: the current one as long as there may be more of it, then the one
 * after it. A Job that retries creates another pod; a pod may restart its container.
 *
 * @param view the container as it is now.
 * @param position where reading was.
 */
export function nextRun(
  view: ContainerView,
  position: Position | undefined,
  { drained, podNamed }: ContainerRunOptions,
): ContainerRun {
  if (position?.pod === undefined || view.pod === undefined) return { view, changed: undefined };
  const index = view.pods.findIndex(({ name }) => name === position.pod);
  if (index === -1)
    return {
      view,
      changed: startedAgain(view, drained ? "" : " The previous pod was removed, so its last lines may be missing."),
    };

  const own = viewContainer(view, { container: view.container.name, known: view.container, pod: position.pod });
  const { status } = own;
  const before = position.restarts ?? 0;
  const restarts = status === undefined || status.state === "waiting" ? before : status.restarts;
  if (restarts !== before) {
    // The node still has the log of the previous run.
    if (!drained && restarts === before + 1) return { view: previousOf(own, before), changed: undefined };
    return {
      view: own,
      changed: startedAgain(
        own,
        drained ? "" : " It restarted more than once, so its last lines before that may be missing.",
      ),
    };
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
  return `The container "${container.name}" was started again in pod ${pod?.name}; its log follows.${lost}`;
}
