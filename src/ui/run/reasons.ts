import { AnalysisPhase, type AnalysisRun, ContainerState } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Cause, exitOf, hasFailed, isOpen } from "../../client/cause.ts";
import type { Text } from "../text/en.ts";

/** Why the run has its phase: what the pod tells, what was measured, and against what. */
export function reasons(cause: Cause, run: AnalysisRun, { cause: text }: Text): readonly string[] {
  const { phase, metric, attempt, limit } = cause;
  if (phase === AnalysisPhase.SUCCESSFUL) return [text.allPassed(run.metrics.length)];
  const said = [...podReasons(cause, text)];
  const last = metric?.attempts.at(-1);
  if (metric !== undefined && metric.provider !== "job" && last?.value) {
    said.push(text.measured(metric.provider, last.value));
    // A short one is told at once; all of them stand at the measurements.
    const { successCondition: wanted, failureCondition: unwanted } = metric;
    if (isShort(wanted)) said.push(text.wanted(wanted));
    else if (wanted === "" && isShort(unwanted)) said.push(text.unwanted(unwanted));
  }
  const earlier = metric?.attempts.filter((each) => hasFailed(each.phase) && each.number !== attempt?.number) ?? [];
  if (isOpen(phase)) said.push(...earlier.map(({ number }) => text.attemptFailed(number)));
  if (limit?.what === "failed") said.push(text.limitFailed(limit.counted, limit.allowed));
  if (limit?.what === "inconclusive") said.push(text.limitInconclusive(limit.counted, limit.allowed));
  if (limit?.what === "consecutiveErrors") said.push(text.limitErrors(limit.counted, limit.allowed));
  if (said.length === 0 || limit === undefined) said.push(...ownWords(cause));
  if (said.length === 0 && isOpen(phase) && attempt === undefined) said.push(text.startsLater);
  return [...new Set(said.filter((sentence) => sentence !== ""))];
}

/** `**` would be taken for emphasis. */
function isShort(condition: string): boolean {
  return condition !== "" && condition.length <= 60 && !condition.includes("**");
}

function podReasons({ phase, metric, attempt, container }: Cause, text: Text["cause"]): readonly string[] {
  const exit = exitOf(container);
  if (container !== undefined && exit !== undefined) {
    const code = String(exit.code ?? "?");
    if (exit.reason === "OOMKilled") return [text.outOfMemory(container.name)];
    return [exit.reason === "" ? text.exited(container.name, code) : text.exitedFor(container.name, code, exit.reason)];
  }
  const pod = attempt?.pods.at(-1);
  if (isOpen(phase) && pod?.phase === "Pending" && (pod.message || pod.reason))
    return [text.podWaits(pod.message || pod.reason)];
  if (container?.state === ContainerState.WAITING && container.reason)
    return [text.waits(container.name, container.reason)];
  if (hasFailed(phase) && metric?.provider === "job" && attempt !== undefined && pod === undefined)
    return [text.podGone];
  return [];
}

/** What Argo Rollouts says beyond the numbers that are told already. */
function ownWords({ metric, attempt, message }: Cause): readonly string[] {
  return [attempt?.message, metric?.message, message].filter((each): each is string => Boolean(each)).slice(0, 1);
}
