import { type Access, denied } from "../access/access.ts";
import type { GuardedStream } from "../access/guarded-stream.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { isNamespaceName, isObjectName } from "../kube/names.ts";
import { quoted } from "../quoted.ts";
import type { Run, RunRef } from "./run.ts";
import type { ReadOptions, RunReader } from "./run-reader.ts";

/**
 * Reads a run for a caller: the only way to one, on every transport.
 *
 * Nothing is read before the caller may; then the Stage that the run belongs to is asked about, which need not exist
 * any more. Whichever of the two is denied, the answer is the same.
 *
 * @param options.kept whether a run that has ended may be as it was up to ten seconds ago. Default: no.
 * @throws Failure NAME_INVALID; ACCESS_DENIED; or RUN_NOT_FOUND for those who may read runs of the project.
 */
export async function readAuthorizedRun(
  { access, runs }: { readonly access: Access; readonly runs: RunReader },
  caller: Caller,
  { namespace, name }: RunRef,
  signal: AbortSignal,
  options: ReadOptions = {},
): Promise<Run> {
  // An empty namespace would ask about the whole cluster.
  if (!isNamespaceName(namespace) || !isObjectName(name)) {
    throw new Failure("bad-request", "NAME_INVALID", "Invalid project or run name.", {
      next: "Names are those of a Kubernetes namespace and an AnalysisRun: lower-case letters, digits, `-` and, for runs, `.`.",
    });
  }
  if (!(await access.mayReadRuns(caller, namespace, name))) throw denied(namespace);
  const run = await runs.read({ namespace, name }, signal, options);
  if (run === undefined) {
    throw new Failure("not-found", "RUN_NOT_FOUND", `There is no run ${quoted(name)} in project "${namespace}".`, {
      next: "List the project's runs. The logs of a deleted run can no longer be located.",
    });
  }
  if (run.stage !== undefined && !(await access.mayReadStage(caller, namespace, run.stage))) throw denied(namespace);
  return run;
}

/**
 * Has it re-checked, as long as a stream is open, whether its caller may read the run: as `readAuthorizedRun` decides
 * it.
 */
export function guardRun(stream: GuardedStream, { namespace, name, stage }: Run): void {
  stream.guard(
    `run ${namespace}/${name} ${stage ?? ""}`,
    async (caller, { mayReadRuns, mayReadStage }) =>
      (await mayReadRuns(caller, namespace, name)) &&
      (stage === undefined || (await mayReadStage(caller, namespace, stage))),
  );
}
