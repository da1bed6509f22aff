import type { Access } from "../access/access.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { reviewAccess } from "../kube/access-review.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { PODS } from "../kube/resources.ts";
import type { LogSource, LogTarget } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";

export interface GuardDeps {
  readonly kube: Pick<KubeApi, "create">;
  /** Decides by SelfSubjectAccessReviews. */
  readonly access: Access;
  readonly caller: Caller;
  /** What the configuration requires a right to, if not runs themselves. */
  readonly subresource: "log" | undefined;
}

/**
 * Restricts a source to logs that its caller may read: an archive is asked only if the caller may read the run, and then
 * its Stage. Pods are guarded by the API server itself: a caller who may not list them is told so.
 */
export function guardArchive<T extends LogSource>(source: T, deps: GuardDeps): T {
  const denied = (what: string): SourceError =>
    new SourceError(source.name, "refused", `was not asked: Kubernetes says that you may not ${what}`, {
      denied: true,
    });

  return {
    ...source,
    async open(target, signal, options) {
      const why = source.capabilities.live ? await podsDenial(target, deps) : await archiveDenial(target, deps);
      signal.throwIfAborted();
      if (why !== undefined) throw denied(why);
      return source.open(target, signal, options);
    },
  };
}

/** What the caller may not do, as the rest of a sentence. */
async function archiveDenial(
  { facts, values }: LogTarget,
  { access, caller, subresource }: GuardDeps,
): Promise<string | undefined> {
  const { project, stage } = facts;
  const run = values.variables.analysisRun;
  if (!(await allows(access.mayReadRuns(caller, project, run)))) {
    return `get analysisruns${subresource === undefined ? "" : `/${subresource}`} in namespace "${project}"`;
  }
  if (stage === undefined || (await allows(access.mayReadStage(caller, project, stage)))) return undefined;
  return `get the Stage "${stage}" in namespace "${project}"`;
}

/** Without the right to list pods, none is known, which must not look like a pod that is gone. */
async function podsDenial({ pod, values }: LogTarget, { kube }: GuardDeps): Promise<string | undefined> {
  if (pod !== undefined) return undefined;
  const namespace = values.variables.jobNamespace ?? values.variables.project ?? "";
  const review = reviewAccess(kube, { verb: "list", resource: PODS, namespace });
  return (await allows(review)) ? undefined : `list pods in namespace "${namespace}"`;
}

/** A cluster in which the caller may not even ask has allowed nothing. */
async function allows(decision: Promise<boolean>): Promise<boolean> {
  try {
    return await decision;
  } catch (error) {
    if (error instanceof Failure && error.kind === "denied") return false;
    throw error;
  }
}
