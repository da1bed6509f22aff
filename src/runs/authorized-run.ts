import { type Access, denied } from "../access/access.ts";
import { chargeRunRead, refuseInDebt } from "../access/call-rate.ts";
import type { CallerTurns } from "../access/caller-turns.ts";
import type { GuardedStream } from "../access/guarded-stream.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { isNamespaceName, isObjectName } from "../kube/names.ts";
import { quoted } from "../quoted.ts";
import type { Rate } from "../rate.ts";
import type { Run, RunRef } from "./run.ts";
import type { RunReader } from "./run-reader.ts";

interface RunServices {
  readonly access: Access;
  readonly runs: RunReader;
  /** Calls per minute of each caller. */
  readonly calls: Rate;
  readonly runTurns: CallerTurns;
}

/** How many reads of runs a caller has under way at once. */
export const RUNS_AT_ONCE = 4;

/**
 * Reads a run for a caller: the only function that does, for every transport.
 *
 * The run is read only if the caller may read it. Then access to its Stage is reviewed, which need not exist any more.
 * Both denials are the same.
 *
 * A caller has only some such reads under way at once. A large run counts against `calls`, the caller's rate, as more
 * than one call.
 *
 * @param options.kept whether a finished run may come from the cache, up to ten seconds old. Default: false.
 * @param options.isReread whether a stream reads the run again. Only then, a caller whose large reads have cost too much
 * is not refused.
 * @throws Failure NAME_INVALID; ACCESS_DENIED; TOO_MANY_CALLS; or RUN_NOT_FOUND for callers who may read runs of the
 * project.
 */
export async function readAuthorizedRun(
  { access, runs, calls, runTurns }: RunServices,
  caller: Caller,
  { namespace, name }: RunRef,
  signal: AbortSignal,
  { kept = false, isReread = false }: { readonly kept?: boolean; readonly isReread?: boolean } = {},
): Promise<Run> {
  // A review with an empty namespace would be for the whole cluster.
  if (!isNamespaceName(namespace) || !isObjectName(name)) {
    throw new Failure("bad-request", "NAME_INVALID", "Invalid project or run name.", {
      next: "Names are those of a Kubernetes namespace and an AnalysisRun: lower-case letters, digits, `-` and, for runs, `.`.",
    });
  }
  const run = await runTurns.run(caller, signal, async () => {
    // Now, and not before it had to wait for its turn.
    if (!(await access.mayReadRuns(caller, namespace, name))) throw denied(namespace, caller);
    if (!isReread) refuseInDebt(calls, caller);
    const read = await runs.read({ namespace, name }, signal, { kept });
    if (read !== undefined) chargeRunRead(calls, caller, runs.bytesOf(read));
    return read;
  });
  if (run === undefined) {
    throw new Failure("not-found", "RUN_NOT_FOUND", `There is no run ${quoted(name)} in project "${namespace}".`, {
      next: "List the project's runs. The logs of a deleted run can no longer be located.",
    });
  }
  if (run.stage !== undefined && !(await access.mayReadStage(caller, namespace, run.stage)))
    throw denied(namespace, caller);
  return run;
}

/**
 * Re-checks, while a stream is open, whether its caller may still read the run, as `readAuthorizedRun` decides it.
 */
export function guardRun(stream: GuardedStream, { namespace, name, stage }: Run): void {
  stream.guard(
    `run ${namespace}/${name} ${stage ?? ""}`,
    async (caller, { mayReadRuns, mayReadStage }) =>
      (await mayReadRuns(caller, namespace, name)) &&
      (stage === undefined || (await mayReadStage(caller, namespace, stage))),
  );
}
