import { type Access, denied } from "../access/access.ts";
import type { GuardedStream } from "../access/guarded-stream.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { isNamespaceName, isObjectName } from "../kube/names.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import { quoted } from "../quoted.ts";
import { parseRun } from "./parse-run.ts";
import type { Run, RunRef } from "./run.ts";

/**
 * Reads a run for a caller: the only way to one, on every transport.
 *
 * Nothing is read before the caller may; then the Stage that the run belongs to is asked about, which need not exist any more. Whichever of the two is denied,
 * the answer is the same.
 *
 * @throws Failure NAME_INVALID; ACCESS_DENIED; or RUN_NOT_FOUND for those who may read runs of the project.
 */
export async function readAuthorizedRun(
  { access, kube }: { readonly access: Access; readonly kube: Pick<KubeApi, "get"> },
  caller: Caller,
  { namespace, name }: RunRef,
  signal: AbortSignal,
): Promise<Run> {
  // An empty namespace would ask about the whole cluster.
  if (!isNamespaceName(namespace) || !isObjectName(name)) {
    throw new Failure(
      "bad-request",
      "NAME_INVALID",
      "A project and a run are named as Kubernetes names namespaces and objects.",
      {
        next: "Give the project's name and the AnalysisRun's name: lower-case letters, digits, `-` and, for runs, `.`.",
      },
    );
  }
  if (!(await access.mayReadRuns(caller, namespace, name))) throw denied(namespace);
  const object = await kube.get(ANALYSIS_RUNS, namespace, name, signal);
  if (object === undefined) {
    throw new Failure("not-found", "RUN_NOT_FOUND", `There is no run ${quoted(name)} in project "${namespace}".`, {
      next: "List the project's runs. A run that was deleted is gone, and nothing tells any more where its logs are.",
    });
  }
  const run = parseRun(object);
  if (run.stage !== undefined && !(await access.mayReadStage(caller, namespace, run.stage))) throw denied(namespace);
  return run;
}

/** Has it re-checked, as long as a stream is open, whether its caller may read the run: as `readAuthorizedRun` decides it. */
export function guardRun(stream: GuardedStream, { namespace, name, stage }: Run): void {
  stream.guard(
    `run ${namespace}/${name} ${stage ?? ""}`,
    async (caller, { mayReadRuns, mayReadStage }) =>
      (await mayReadRuns(caller, namespace, name)) &&
      (stage === undefined || (await mayReadStage(caller, namespace, stage))),
  );
}
