import type { Metric } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** How often something has happened to a metric's measurements, and how often it may, or has to. */
export interface Tally {
  readonly what: "failed" | "inconclusive" | "consecutiveErrors" | "consecutiveSuccesses";
  readonly counted: number;
  /** `undefined`: any number of times. */
  readonly limit: number | undefined;
  /** Whether that has decided the metric's phase. */
  readonly decides: boolean;
}

/** What has been counted of a metric against its limits: failures always, else what has happened or what the metric sets a limit of its own for. */
export function talliesOf(metric: Metric): readonly Tally[] {
  const { failed = 0, inconclusive = 0, consecutiveError = 0, consecutiveSuccess = 0 } = metric.counts ?? {};
  const most = (what: Tally["what"], counted: number, limit: number | undefined): Tally => {
    const isLimit = limit !== undefined && limit >= 0;
    return { what, counted, limit: isLimit ? limit : undefined, decides: isLimit && counted > limit };
  };
  const wanted = metric.consecutiveSuccessLimit ?? 0;
  return [
    most("failed", failed, metric.failureLimit),
    ...(inconclusive > 0 || metric.inconclusiveLimit
      ? [most("inconclusive", inconclusive, metric.inconclusiveLimit)]
      : []),
    ...(consecutiveError > 0 || metric.consecutiveErrorLimit !== USUAL_ERRORS
      ? [most("consecutiveErrors", consecutiveError, metric.consecutiveErrorLimit)]
      : []),
    ...(wanted > 0
      ? [
          {
            what: "consecutiveSuccesses",
            counted: consecutiveSuccess,
            limit: wanted,
            decides: consecutiveSuccess >= wanted,
          } as const,
        ]
      : []),
  ];
}

/** How many measurements have come to a verdict, or to none: errors are measured again. */
export function measuredCount({ counts }: Metric): number {
  return counts === undefined ? 0 : counts.successful + counts.failed + counts.inconclusive;
}

/** Argo Rollouts' default. */
const USUAL_ERRORS = 4;
