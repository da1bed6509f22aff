import type { LogTarget } from "../sources/source.ts";
import { type Attempt, hasEnded, type Run } from "./run.ts";
import type { RunContext } from "./run-context.ts";

/**
 * The facts about a run that decide which sources and links are used.
 *
 * @param attempt the attempt whose log is meant. `undefined`: any.
 */
export function runFacts(
  { namespace, stage, labels }: Run,
  { shard }: RunContext,
  metric: string,
  attempt?: Pick<Attempt, "phase">,
): LogTarget["facts"] {
  const finished = attempt && hasEnded(attempt.phase);
  return { project: namespace, stage, shard, metric, labels, ...(finished !== undefined && { finished }) };
}
