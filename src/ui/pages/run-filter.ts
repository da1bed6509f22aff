import { AnalysisPhase } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";

export const PHASES = ["failed", "running", "pending", "successful", "inconclusive"] as const;
export const TIMES = ["hour", "day", "week"] as const;

/** Which runs to show. */
export interface RunFilter {
  readonly stage?: string;
  readonly phase?: (typeof PHASES)[number];
  readonly time?: (typeof TIMES)[number];
  /** The name of a Freight, or the ID of a Freight collection. */
  readonly freight?: string;
}

/** Whether the filter excludes any runs. */
export function isFiltered(filter: RunFilter): boolean {
  return queryOf(filter) !== "";
}

/** Parses a filter from a query. Invalid values are ignored. */
export function parseRunFilter(query: string): RunFilter {
  const given = new URLSearchParams(query);
  const stage = given.get("stage");
  const freight = given.get("freight");
  const phase = PHASES.find((each) => each === given.get("phase"));
  const time = TIMES.find((each) => each === given.get("time"));
  return {
    ...(stage && /^[-a-z0-9.]{1,253}$/.test(stage) && { stage }),
    ...(phase && { phase }),
    ...(time && { time }),
    ...(freight && /^[-a-z0-9.]{1,253}$/.test(freight) && { freight }),
  };
}

/** The query for a filter. */
export function queryOf({ stage, phase, time, freight }: RunFilter): string {
  const query = new URLSearchParams();
  if (stage) query.set("stage", stage);
  if (phase) query.set("phase", phase);
  if (time) query.set("time", time);
  if (freight) query.set("freight", freight);
  return query.toString();
}

const HOUR_MS = 3_600_000;
const TIME_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS };

/** The maximum age of a run, in milliseconds. */
export function ageOf({ time }: RunFilter): number | undefined {
  return time && TIME_MS[time];
}

/** A filter's phases in the API. Error counts as failed. */
export function phasesOf({ phase }: RunFilter): AnalysisPhase[] {
  switch (phase) {
    case "failed":
      return [AnalysisPhase.FAILED, AnalysisPhase.ERROR];
    case "running":
      return [AnalysisPhase.RUNNING];
    case "pending":
      return [AnalysisPhase.PENDING, AnalysisPhase.UNSPECIFIED];
    case "successful":
      return [AnalysisPhase.SUCCESSFUL];
    case "inconclusive":
      return [AnalysisPhase.INCONCLUSIVE];
    default:
      return [];
  }
}
