import type { Access } from "../access/access.ts";
import type { Caller } from "../identity/caller.ts";
import type { RunSummary } from "./run.ts";

/** Decides for each run whether the caller may read its Stage, with one review per Stage. */
export function stageFilter(
  access: Pick<Access, "mayReadStage">,
  caller: Caller,
  namespace: string,
): (run: RunSummary) => Promise<boolean> {
  const decisions = new Map<string, Promise<boolean>>();
  return async ({ stage }) => {
    if (stage === undefined) return true;
    const decision = decisions.get(stage) ?? access.mayReadStage(caller, namespace, stage);
    decisions.set(stage, decision);
    return decision;
  };
}
