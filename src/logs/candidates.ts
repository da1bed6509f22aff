import { hasEnded } from "../runs/run.ts";
import type { LogSource } from "../sources/source.ts";
import type { Position } from "./position.ts";
import type { ContainerView } from "./view.ts";

/**
 * The sources that may have a container's log, in the order in which they are asked.
 *
 * While a job runs, where it runs is asked first; afterwards archives are, since a node may have rotated the beginning away. A
 * log that was read before is resumed at its own source, if that still has it; the others may hold a copy.
 *
 * @param position where to resume, if somewhere.
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
