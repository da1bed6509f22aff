import * as z from "zod";
import type { LogTarget } from "./source.ts";

/**
 * Patterns for runs, in which `*` stands for any characters. An absent pattern matches everything.
 */
export const Match = z
  .strictObject({
    project: z.string().optional(),
    stage: z.string().optional(),
    shard: z.string().optional(),
    metric: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional().describe("Labels of the run, by name."),
  })
  .describe("Only for these runs. `*` matches any text. Default: for all.");

/** Creates the test for these patterns. A run without a Stage, shard or label matches no pattern for it, not even `*`. */
export function createMatch(patterns: z.output<typeof Match>): (facts: LogTarget["facts"]) => boolean {
  const { project, stage, shard, metric } = patterns;
  const labels = Object.entries(patterns.labels ?? {});
  return (facts) =>
    matchesPattern(project, facts.project) &&
    matchesPattern(stage, facts.stage) &&
    matchesPattern(shard, facts.shard) &&
    matchesPattern(metric, facts.metric) &&
    labels.every(([name, pattern]) => matchesPattern(pattern, ownValue(facts.labels, name)));
}

function ownValue(labels: LogTarget["facts"]["labels"], name: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function matchesPattern(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (value === undefined) return false;
  const [first = "", ...parts] = pattern.split("*");
  const last = parts.pop();
  if (last === undefined) return value === pattern;
  if (!value.startsWith(first)) return false;
  // For a part in the middle, the leftmost match always suffices, so there is no backtracking.
  let at = first.length;
  for (const part of parts) {
    const found = value.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}
