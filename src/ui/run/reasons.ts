import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AnalysisRun,
  CauseReason,
  ContainerState,
  CountedMeasurements,
  type Cause as ToldCause,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import {
  type Cause,
  exitOf,
  type HeldUp,
  hasPassed,
  heldUp,
  isClusterCause,
  isFailure,
  isOpen,
} from "../../client/cause.ts";
import { causeSentence, goneSentence, podsSentence, retriesSentence } from "../../client/cause-words.ts";
import { verbatim } from "../../client/emphasis.ts";
import { failedDryRunNames } from "../../client/left-out.ts";
import type { Text } from "../text/en.ts";
import { spanText } from "../text/format.ts";

/** Sentences that explain the run's phase: the pod's state, the measurements and their conditions. */
export function reasons(
  cause: Cause,
  run: AnalysisRun,
  { cause: text }: Text,
  now: number,
  language: string,
): readonly string[] {
  const { phase, metric, attempt, limit } = cause;
  // An attempt that is shown may have failed in a run that passed.
  if (hasPassed(run.summary) && phase === run.summary?.phase) return passed(run, text);
  if (cause.told?.reason === CauseReason.CONTRADICTION) return [...toldReasons(cause.told, text), ...ownWords(cause)];
  const held = isOpen(phase) ? heldUp(cause) : undefined;
  const sentences =
    held === undefined
      ? [...toldReasons(cause.told, text), ...podReasons(cause, text)]
      : [heldUpText(held, text, now, language)];
  if (cause.told !== undefined) {
    sentences.push(
      podsSentence(cause.told, attempt?.pods ?? [], text.words),
      retriesSentence(cause.told, text.words),
      goneSentence(cause.told, text.words),
    );
  }
  const last = metric?.attempts.at(-1);
  if (metric !== undefined && metric.provider !== "job" && metric.provider !== "" && last?.value) {
    sentences.push(text.measured(verbatim(metric.provider), verbatim(beginningOf(last.value))));
    // Only short conditions: the measurements show all of them.
    const { successCondition: wanted, failureCondition: unwanted } = metric;
    if (isShort(wanted)) sentences.push(text.wanted(verbatim(wanted)));
    else if (wanted === "" && isShort(unwanted)) sentences.push(text.unwanted(verbatim(unwanted)));
  }
  const earlier = metric?.attempts.filter((each) => isFailure(each.phase) && each.number !== attempt?.number) ?? [];
  if (isOpen(phase)) sentences.push(...earlier.map(({ number }) => text.attemptFailed(number)));
  if (limit?.what === CountedMeasurements.FAILED) sentences.push(text.limitFailed(limit.counted, limit.allowed));
  if (limit?.what === CountedMeasurements.INCONCLUSIVE)
    sentences.push(text.limitInconclusive(limit.counted, limit.allowed));
  if (limit?.what === CountedMeasurements.CONSECUTIVE_ERRORS)
    sentences.push(text.limitErrors(limit.counted, limit.allowed));
  // The measurement's own message says more than the limit, and nothing of a run that was stopped.
  if (cause.told?.reason !== CauseReason.STOPPED) {
    if (attempt?.message) sentences.push(verbatim(attempt.message));
    else if (sentences.join("") === "" || limit === undefined) sentences.push(...ownWords(cause));
  }
  const isSilent = sentences.join("") === "";
  // The headline says the same of a run that was stopped.
  if (cause.told !== undefined && isSilent && (cause.told.reason !== CauseReason.STOPPED || cause.told.openEnded))
    sentences.push(causeSentence(cause.told, text.words, ""));
  if (sentences.length === 0 && isOpen(phase) && attempt === undefined) sentences.push(text.startsLater);
  const told = [...new Set(sentences.filter((sentence) => sentence !== ""))];
  return told.filter((sentence) => !told.some((other) => other !== sentence && other.includes(sentence)));
}

function passed({ metrics, summary }: AnalysisRun, text: Text["cause"]): readonly string[] {
  const dryRuns = summary === undefined ? "" : failedDryRunNames(summary);
  const counted = metrics.filter(({ dryRun }) => !dryRun).length;
  return [text.allPassed(counted), ...(dryRuns === "" ? [] : [text.dryRunsFailed(dryRuns)])];
}

function heldUpText({ ended, by }: HeldUp, { words }: Text["cause"], now: number, language: string): string {
  const ago = ended.endTime === undefined ? "" : spanText(Math.max(0, now - timestampMs(ended.endTime)), language);
  return words.heldUp(ended.name, String(ended.exitCode ?? "?"), ago, by.name);
}

/** What the headline and the pod's state do not say. */
function toldReasons(told: ToldCause | undefined, text: Text["cause"]): string[] {
  switch (told?.reason) {
    case CauseReason.STOPPED:
      if (told.provider !== "job" || told.attempt === 0) return [];
      return [told.openEnded ? causeSentence(told, text.words, "") : "", text.stoppedLog];
    case CauseReason.UNSPECIFIED:
    case CauseReason.NOT_MEASURED:
    case CauseReason.JOB_NOT_CREATED:
    case CauseReason.CONTRADICTION:
      return [causeSentence(told, text.words, "")];
    case CauseReason.EXIT_CODE:
      return told.containerAdded ? [causeSentence(told, text.words, "")] : [];
    default:
      return told !== undefined && isClusterCause(told) ? [causeSentence(told, text.words, "")] : [];
  }
}

/** Values may be whole documents: the measurements show them. */
const VALUE_LENGTH = 200;

function beginningOf(value: string): string {
  return value.length <= VALUE_LENGTH ? value : `${value.slice(0, VALUE_LENGTH).replace(/[\ud800-\udbff]$/, "")}…`;
}

function isShort(condition: string): boolean {
  return condition !== "" && condition.length <= 60;
}

function podReasons({ phase, told, attempt, container }: Cause, text: Text["cause"]): string[] {
  if (isClusterCause(told) || told?.containerAdded) return [];
  const exit = exitOf(container);
  if (container !== undefined && exit !== undefined) {
    if (exit.code === undefined) return [text.endUnknown(container.name)];
    const code = String(exit.code);
    if (exit.reason === "OOMKilled") return [text.words.outOfMemory(container.name)];
    return [
      exit.reason === ""
        ? text.exited(container.name, code)
        : text.exitedFor(container.name, code, verbatim(exit.reason)),
    ];
  }
  const pod = attempt?.pods.at(-1);
  if (isOpen(phase) && pod?.phase === "Pending" && (pod.message || pod.reason))
    return [text.podWaits(verbatim(pod.message || pod.reason))];
  if (isOpen(phase) && container?.state === ContainerState.WAITING && container.reason)
    return [text.waits(container.name, verbatim(container.reason))];
  return [];
}

/** The message of Argo Rollouts, unless it only repeats the counts. */
function ownWords({ metric, message }: Cause): readonly string[] {
  return [metric?.message, message]
    .filter((each): each is string => Boolean(each))
    .slice(0, 1)
    .map(verbatim);
}
