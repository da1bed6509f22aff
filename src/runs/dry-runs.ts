import { RE2JS } from "re2js";
import { type Fields, listOf } from "../kube/fields.ts";
import { type LeftOutCounts, NAME_LENGTH } from "./bounds.ts";
import type { FillIn } from "./fill-in.ts";

/** A run names its dry runs by a few short patterns; those beyond the limits are ignored. */
const MAX_PATTERNS = 50;
/** The length of all patterns together, each times the repetitions in it: what they compile to grows with it. */
const MAX_EXPANSION = 5_000;
/** What matching all names may cost, in characters times instructions. */
const MAX_STEPS = 200_000;

/**
 * Reads which metrics a run's specification makes dry runs. As in Argo Rollouts, each name in `spec.dryRun` is a
 * regular expression that may match anywhere in a metric's name (utils/analysis/helpers.go, GetDryRunMetrics). An
 * invalid one matches only a metric of the same name.
 *
 * @param fillIn puts the run's arguments into a text.
 * @param leftOut counts rules that are ignored, also while names are matched.
 */
export function dryRunsOf(dryRun: unknown, fillIn: FillIn, leftOut: LeftOutCounts): (metric: string) => boolean {
  const given = listOf(dryRun, "spec.dryRun");
  const rules = rulesOf(given, fillIn, leftOut);
  let steps = MAX_STEPS;
  let isSpent = false;
  // Once a metric is there whose result does not say: most runs have none.
  const expressions = memoized(() => rules.map(compiled).filter((each) => each !== undefined));
  const matches = (expression: RE2JS, metric: string): boolean => {
    steps -= expression.programSize() * metric.length;
    if (steps >= 0) return expression.matcher(metric).find();
    if (!isSpent) leftOut.dryRuns += rules.length;
    isSpent = true;
    return false;
  };
  return (metric) => rules.includes(metric) || expressions().some((each) => matches(each, metric));
}

function rulesOf(given: readonly Fields[], fillIn: FillIn, leftOut: LeftOutCounts): readonly string[] {
  let room = MAX_EXPANSION;
  const rules: string[] = [];
  leftOut.dryRuns += Math.max(0, given.length - MAX_PATTERNS);
  for (const { metricName } of given.slice(0, MAX_PATTERNS)) {
    const text = typeof metricName === "string" ? fillIn(metricName) : "";
    if (text === "") continue;
    const expansion = text.length > NAME_LENGTH ? Number.POSITIVE_INFINITY : text.length * repetitionsIn(text);
    if (expansion > room) {
      leftOut.dryRuns += 1;
      continue;
    }
    room -= expansion;
    rules.push(text);
  }
  return rules;
}

/** The product of all counted repetitions: they may be nested. */
function repetitionsIn(pattern: string): number {
  let product = 1;
  for (const [, min = "0", max = min] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    product *= Math.max(1, Number(min), Number(max));
  }
  return product;
}

function memoized<T>(compute: () => T): () => T {
  let value: { readonly is: T } | undefined;
  return () => {
    value ??= { is: compute() };
    return value.is;
  };
}

function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
