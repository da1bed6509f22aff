import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AnalysisPhase, type AnalysisRunSummary, type Cause } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { hasPassed, wasStopped } from "../client/cause.ts";
import { causeKindText, causeSentence, englishCause } from "../client/cause-words.ts";
import { withoutEmphasis } from "../client/emphasis.ts";
import { failedDryRunNames, type LeftOutWords } from "../client/left-out.ts";
import { printable } from "../quoted.ts";

/** The phases that want explaining: `@failed` and `--failed`. */
export const UNPASSED = [AnalysisPhase.FAILED, AnalysisPhase.ERROR, AnalysisPhase.INCONCLUSIVE];

/** A phase as users see it: `Failed` for `ANALYSIS_PHASE_FAILED`. */
export function phaseName(phase: AnalysisPhase | undefined): string {
  const names: Readonly<Record<number, string>> = {
    [AnalysisPhase.PENDING]: "Pending",
    [AnalysisPhase.RUNNING]: "Running",
    [AnalysisPhase.SUCCESSFUL]: "Successful",
    [AnalysisPhase.FAILED]: "Failed",
    [AnalysisPhase.ERROR]: "Error",
    [AnalysisPhase.INCONCLUSIVE]: "Inconclusive",
  };
  return names[phase ?? AnalysisPhase.UNSPECIFIED] ?? "-";
}

/** What came of a run: its phase, unless that is not what it comes to. */
export function resultName(run: AnalysisRunSummary | undefined): string {
  if (wasStopped(run)) return "Stopped";
  return run?.phase === AnalysisPhase.SUCCESSFUL && !hasPassed(run) ? "-" : phaseName(run?.phase);
}

/** Why a run did not pass, in one line: `test failed: The job of robot failed, attempt 2 of 2.` Else empty. */
export function causeText(cause: Cause | undefined): string {
  if (cause === undefined) return "";
  const sentence = causeSentence(cause, englishCause, elapsedText(cause));
  return printable(withoutEmphasis(`${causeKindText(cause, englishCause).toLowerCase()}: ${sentence}`));
}

/** The same for a list, which tells of dry runs too. */
export function whyText(run: AnalysisRunSummary): string {
  const dryRuns = failedDryRunNames(run);
  return causeText(run.cause) || (dryRuns && printable(`dry run ${dryRuns} failed`));
}

function elapsedText({ elapsed }: Cause): string {
  if (elapsed === undefined) return "";
  const seconds = Math.round(durationMs(elapsed) / 1000);
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** How long ago a run was created, abbreviated: `90s`, `5m`, `3h`, `2d`. */
export function age({ createTime }: Pick<AnalysisRunSummary, "createTime">, now: number): string {
  if (createTime === undefined) return "-";
  const seconds = Math.max(0, Math.round((now - timestampMs(createTime)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** English words for what of a run is not shown. */
export const LEFT_OUT_WORDS: LeftOutWords = {
  metrics: (count) => plural(count, "metric"),
  attempts: (count) => plural(count, "attempt"),
  containers: (count) => plural(count, "container"),
  arguments: (count) => plural(count, "argument"),
  dryRunRules: (count) => plural(count, "dry-run rule"),
  freight: (count) => `${count} Freight`,
  pods: (count) => plural(count, "pod"),
  labels: (count) => `${count} labels or annotations`,
  links: () => "links",
};

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
