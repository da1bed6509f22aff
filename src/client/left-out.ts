import type { AnalysisRunSummary, LeftOut } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** What of a run may not be shown, in the order in which it is named. */
const PARTS = ["metrics", "attempts", "containers", "arguments", "dryRunRules", "freight", "pods", "labels"] as const;

/** What the parts of a run are called, each for a count. */
export type LeftOutWords = Readonly<Record<(typeof PARTS)[number] | "links", (count: number) => string>>;

/** What of a run is not shown, in a language's words, such as `800 metrics`. Empty if all of it is. */
export function leftOutParts(leftOut: LeftOut | undefined, words: LeftOutWords): readonly string[] {
  if (leftOut === undefined) return [];
  const counted = PARTS.filter((part) => leftOut[part] > 0).map((part) => words[part](leftOut[part]));
  return leftOut.links ? [...counted, words.links(0)] : counted;
}

/** The names of failed dry runs: `a, b (+180)`. Empty if none failed. */
export function failedDryRunNames({ failedDryRuns, moreFailedDryRuns }: AnalysisRunSummary): string {
  return `${failedDryRuns.join(", ")}${moreFailedDryRuns > 0 ? ` (+${moreFailedDryRuns})` : ""}`;
}
