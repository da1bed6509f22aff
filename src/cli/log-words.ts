import { type End, EndReason, type Origin, SelectionReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { shellWord } from "./shell-word.ts";

const WHY: Partial<Record<SelectionReason, string>> = {
  [SelectionReason.FAILED]: "failed",
  [SelectionReason.DEFAULT_ANNOTATION]: "the pods' default",
  [SelectionReason.FIRST]: "the first",
  [SelectionReason.LAST]: "the newest",
};

/**
 * `showing run=… metric=robot attempt=2 container=test (failed); others: -a 1`.
 *
 * @param allAttempts whether all of them are shown. That all containers are, the origin says by naming none.
 */
export function choiceText(run: string, origin: Origin, allAttempts: boolean): string {
  const why = (reason: SelectionReason): string => (WHY[reason] === undefined ? "" : ` (${WHY[reason]})`);
  const allContainers = origin.containerName === "";
  const others = [
    ...origin.metricNames.filter((each) => each !== origin.metricName).map((each) => `-m ${shellWord(each)}`),
    ...(allAttempts ? [] : origin.attempts.filter((each) => each !== origin.attempt)).map((each) => `-a ${each}`),
    ...(allContainers ? [] : origin.containerNames.filter((each) => each !== origin.containerName)).map(
      (each) => `-c ${each}`,
    ),
    ...(origin.podNames.length === 1 ? [] : origin.podNames.filter((each) => each !== origin.podName)).map(
      (each) => `--pod ${each}`,
    ),
  ];
  const chosen = [
    `run=${run}`,
    `metric=${shellWord(origin.metricName)}${why(origin.metricReason)}`,
    allAttempts ? `attempts=${origin.attempts.join(",")}` : `attempt=${origin.attempt}${why(origin.attemptReason)}`,
    allContainers
      ? `containers=${origin.containerNames.join(",")}`
      : `container=${origin.containerName}${why(origin.containerReason)}`,
    ...(origin.podName === "" ? [] : [`pod=${origin.podName}${why(origin.podReason)}`]),
    `source=${origin.source}`,
  ];
  return `showing ${chosen.join(" ")}${others.length === 0 ? "" : `; others: ${others.slice(0, 12).join(", ")}`}`;
}

/** What was asked for of a log. */
export interface Wanted {
  readonly byTime: boolean;
  readonly byPattern: boolean;
  /** Not a line: what is not there yet, perhaps. */
  readonly nothing: boolean;
}

/** What to say when a log has ended. Where the call fails, too, it says why itself. */
export function endText({ reason, bytes, headMissing, scannedBytes }: End, wanted: Wanted): string[] {
  const texts = headMissing ? ["note: the source no longer has the beginning of the log"] : [];
  const said = REASONS[reason];
  if (said === undefined) return texts;
  if (bytes === 0n && !wanted.nothing) texts.push(`note: ${nothingText(wanted)}`);
  if (said !== "") texts.push(`note: ${said}`);
  if (reason === EndReason.SCAN_BUDGET_SPENT && scannedBytes > 0n)
    texts.push(`note: ${scannedBytes.toLocaleString("en")} bytes of the log were looked through`);
  return texts;
}

function nothingText({ byTime, byPattern }: Wanted): string {
  // Lines without a time of which no line before them has one are of no time at all.
  if (byTime) return byPattern ? "no line matches, or none of that time" : "no line is known to be of that time";
  return byPattern ? "no line matches" : "the log is empty: the container has written no output";
}

/** Ends of calls that are OK. */
const REASONS: Partial<Record<EndReason, string>> = {
  [EndReason.COMPLETE]: "",
  [EndReason.CAUGHT_UP]: "the job still runs; this is what it has written so far",
  [EndReason.SOURCE_ENDED]:
    "the log may still grow: the job ended a moment ago, or the store does not say how long the log is",
  [EndReason.LIMIT_REACHED]: "the log goes on: this is as much as was asked for",
  [EndReason.UNTIL_REACHED]: "the log goes on after the time that was asked for",
  [EndReason.SCAN_BUDGET_SPENT]: "the log goes on: the server looks through no more of it in one call",
};
