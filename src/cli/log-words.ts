import { type End, EndReason, type Origin, SelectionReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { shellWord } from "./resume-command.ts";

const WHY: Partial<Record<SelectionReason, string>> = {
  [SelectionReason.FAILED]: "failed",
  [SelectionReason.INCONCLUSIVE]: "inconclusive",
  [SelectionReason.DEFAULT_ANNOTATION]: "the pods' default",
  [SelectionReason.FIRST]: "the first",
  [SelectionReason.LAST]: "the newest",
};

/** How many pods are listed. */
const LISTED_PODS = 10;

/** What is shown of several. */
export interface Several {
  readonly attempts: boolean;
  readonly pods: boolean;
  readonly containers: boolean;
}

/** `showing run=… metric=robot attempt=2 container=test (failed); others: -a 1`. */
export function choiceText(run: string, origin: Origin, all: Several): string {
  const why = (reason: SelectionReason): string => (WHY[reason] === undefined ? "" : ` (${WHY[reason]})`);
  const pods = origin.podNames.slice(0, LISTED_PODS).join(",");
  const morePods = origin.podNames.length > LISTED_PODS ? `,… (${origin.podNames.length})` : "";
  const others = [
    ...origin.metricNames.filter((each) => each !== origin.metricName).map((each) => `-m ${shellWord(each)}`),
    ...(all.attempts ? [] : origin.attempts.filter((each) => each !== origin.attempt)).map((each) => `-a ${each}`),
    ...(all.containers || origin.containerNames.length === 1
      ? []
      : origin.containerNames.filter((each) => each !== origin.containerName)
    ).map((each) => `-c ${each}`),
    ...(all.pods || origin.podNames.length < 2 ? [] : ["--all-pods"]),
    ...(all.pods || origin.podNames.length === 1 ? [] : origin.podNames.filter((each) => each !== origin.podName)).map(
      (each) => `--pod ${each}`,
    ),
  ];
  const chosen = [
    `run=${run}`,
    `metric=${shellWord(origin.metricName)}${why(origin.metricReason)}`,
    all.attempts ? `attempts=${origin.attempts.join(",")}` : `attempt=${origin.attempt}${why(origin.attemptReason)}`,
    ...(all.pods && pods !== "" ? [`pods=${pods}${morePods}`] : []),
    ...(all.containers ? [`containers=${origin.containerNames.join(",")}`] : []),
    ...(origin.containerName === "" ? [] : [`container=${origin.containerName}${why(origin.containerReason)}`]),
    ...(origin.podName === "" ? [] : [`pod=${origin.podName}${why(origin.podReason)}`]),
    `source=${origin.source}`,
  ];
  return `showing ${chosen.join(" ")}${others.length === 0 ? "" : `; others: ${others.slice(0, 12).join(", ")}`}`;
}

/** How a request restricts the log. */
export interface Restrictions {
  readonly byTime: boolean;
  readonly byPattern: boolean;
  /** `--tail 0`: none of the lines that exist now. Or lines without times, of which an error is printed. */
  readonly nothing: boolean;
}

/** The notes to print when a log has ended. A call that fails prints its own error. */
export function endText({ reason, bytes, headMissing, scannedBytes }: End, restrictions: Restrictions): string[] {
  const texts = headMissing ? ["note: the source no longer has the beginning of the log"] : [];
  const text = REASONS[reason];
  if (text === undefined) return texts;
  if (bytes === 0n && !restrictions.nothing) texts.push(`note: ${nothingText(restrictions)}`);
  if (text !== "") texts.push(`note: ${text}`);
  if (reason === EndReason.SCAN_BUDGET_SPENT && scannedBytes > 0n)
    texts.push(`note: ${scannedBytes.toLocaleString("en")} bytes of the log were scanned`);
  return texts;
}

function nothingText({ byTime, byPattern }: Restrictions): string {
  // Lines before the first time in the log have no known time.
  if (byTime) return byPattern ? "no line matches in that time range" : "no line is known to be in that time range";
  return byPattern ? "no line matches" : "the log is empty: the container wrote no output";
}

/** Ends of calls that are OK. */
const REASONS: Partial<Record<EndReason, string>> = {
  [EndReason.COMPLETE]: "",
  [EndReason.CAUGHT_UP]: "the job is still running; this is its output so far",
  [EndReason.SOURCE_ENDED]:
    "the log may be incomplete: the job has only just ended, or neither a length nor a checksum proves where it ends",
  [EndReason.LIMIT_REACHED]: "there is more: the requested limit was reached",
  [EndReason.UNTIL_REACHED]: "there is more after the requested time",
  [EndReason.SCAN_BUDGET_SPENT]: "there may be more: the server has scanned as much as it does in one call",
};
