import { RE2JS } from "re2js";
import { type Fields, listOf } from "../kube/fields.ts";

/** A run names its dry runs by a few short patterns; more than this are not looked at. */
const MOST_PATTERNS = 50;
const PATTERN_LENGTH = 500;

/**
 * Reads which metrics a run's specification makes dry runs. As in Argo Rollouts, each name in `spec.dryRun` is a
 * regular expression that may match anywhere in a metric's name (utils/analysis/helpers.go, GetDryRunMetrics). One that
 * is none matches nothing.
 *
 * @param fillIn puts the run's arguments into a text.
 */
export function dryRunsOf(dryRun: unknown, fillIn: (text: string) => string): (metric: string) => boolean {
  const patterns = listOf(dryRun, "spec.dryRun")
    .slice(0, MOST_PATTERNS)
    .map(({ metricName }: Fields) => (typeof metricName === "string" ? fillIn(metricName) : ""))
    .filter((each) => each !== "" && each.length <= PATTERN_LENGTH);
  return (metric) => patterns.some((pattern) => pattern === metric || matches(pattern, metric));
}

function matches(pattern: string, metric: string): boolean {
  try {
    return RE2JS.compile(pattern).matcher(metric).find();
  } catch {
    return false;
  }
}
