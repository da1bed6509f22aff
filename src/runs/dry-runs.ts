import { RE2JS } from "re2js";
import { type Fields, listOf } from "../kube/fields.ts";

/** A run names its dry runs by a few short patterns; those beyond the limits are ignored. */
const MAX_PATTERNS = 50;
const MAX_PATTERN_LENGTH = 500;

/**
 * Reads which metrics a run's specification makes dry runs. As in Argo Rollouts, each name in `spec.dryRun` is a
 * regular expression that may match anywhere in a metric's name (utils/analysis/helpers.go, GetDryRunMetrics). An
 * invalid one matches only a metric of the same name.
 *
 * @param fillIn puts the run's arguments into a text.
 */
export function dryRunsOf(dryRun: unknown, fillIn: (text: string) => string): (metric: string) => boolean {
  const patterns = listOf(dryRun, "spec.dryRun")
    .slice(0, MAX_PATTERNS)
    .map(({ metricName }: Fields) => (typeof metricName === "string" ? fillIn(metricName) : ""))
    .filter((each) => each !== "" && each.length <= MAX_PATTERN_LENGTH)
    .map((text) => ({ text, expression: compiled(text) }));
  return (metric) =>
    patterns.some(({ text, expression }) => text === metric || expression?.matcher(metric).find() === true);
}

function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
