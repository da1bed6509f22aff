import { hasEnded } from "../runs/run.ts";
import type { LogSource } from "../sources/source.ts";
import type { Position } from "./position.ts";
import type { ContainerView } from "./view.ts";

/**
 * Returns the sources that may have a container's log, in the order in which to ask them.
 *
 * While the job runs, live sources come first; afterwards archives do, since a node may have rotated the beginning
 * away. To resume, the source of the position comes first; the others may have a copy.
 *
 * @param position where to resume. `undefined`: from the beginning.
 */
export function candidatesFor(
  sources: readonly LogSource[],
  { attempt }: Pick<ContainerView, "attempt">,
  position: Position | undefined,
): readonly LogSource[] {
  const live = sources.filter(({ capabilities }) => capabilities.live);
  const kept = sources.filter(({ capabilities }) => !capabilities.live);
  const inOrder = hasEnded(attempt.phase) ? [...kept, ...live] : [...live, ...kept];
  if (position === undefined) return inOrder;
  const isOwn = ({ name }: LogSource): boolean => name === position.source;
  return [...sources.filter(isOwn), ...inOrder.filter((each) => !isOwn(each))];
}
