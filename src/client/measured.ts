import type { Metric } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** A count of a metric's measurements, and its limit. */
export interface Tally {
  readonly what: "failed" | "inconclusive" | "consecutiveErrors" | "consecutiveSuccesses";
  readonly counted: number;
  /** `undefined`: unlimited. */
  readonly limit: number | undefined;
  /** Whether the count has decided the metric's phase. */
  readonly decides: boolean;
}

/**
 * A metric's counts against their limits: failures always, others if they are not zero or have a limit of their own.
 */
export function talliesOf(metric: Metric): readonly Tally[] {
  const { failed = 0, inconclusive = 0, consecutiveError = 0, consecutiveSuccess = 0 } = metric.counts ?? {};
  const atMost = (what: Tally["what"], counted: number, limit: number | undefined): Tally => {
    const isLimit = limit !== undefined && limit >= 0;
    return { what, counted, limit: isLimit ? limit : undefined, decides: isLimit && counted > limit };
  };
  const needed = metric.consecutiveSuccessLimit ?? 0;
  return [
    atMost("failed", failed, metric.failureLimit),
    ...(inconclusive > 0 || metric.inconclusiveLimit
      ? [atMost("inconclusive", inconclusive, metric.inconclusiveLimit)]
      : []),
    ...(consecutiveError > 0 || metric.consecutiveErrorLimit !== DEFAULT_ERROR_LIMIT
      ? [atMost("consecutiveErrors", consecutiveError, metric.consecutiveErrorLimit)]
      : []),
    ...(needed > 0
      ? [
          {
            what: "consecutiveSuccesses",
            counted: consecutiveSuccess,
            limit: needed,
            decides: consecutiveSuccess >= needed,
          } as const,
        ]
      : []),
  ];
}

/** How many measurements count: those with a verdict and inconclusive ones. Errors are measured again. */
export function measuredCount({ counts }: Metric): number {
  return counts === undefined ? 0 : counts.successful + counts.failed + counts.inconclusive;
}

/** Argo Rollouts' default for `consecutiveErrorLimit`. */
const DEFAULT_ERROR_LIMIT = 4;
