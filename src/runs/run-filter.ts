import { isObjectName } from "../kube/names.ts";
import type { ObjectVerdict, Phase, RunSummary } from "./run.ts";

/** Selects runs of a project. */
export interface RunFilter {
  readonly stage?: string | undefined;
  /** Empty: any phase. */
  readonly phases?: readonly Phase[];
  /** Empty: any result. */
  readonly results?: readonly ObjectVerdict["result"][];
  /** The name of one Freight, or the identifier of a collection. */
  readonly freight?: string | undefined;
  /** Created at or after this time, in milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Created before this time, in milliseconds since 1970. */
  readonly until?: number | undefined;
}

/** Whether a run passes a filter. */
export function passes(run: RunSummary, filter: RunFilter): boolean {
  const { stage, phases = [], results = [], freight, since, until } = filter;
  const created = Date.parse(run.createdAt);
  return (
    (stage === undefined || run.stage === stage) &&
    (phases.length === 0 || phases.includes(run.phase)) &&
    (results.length === 0 || results.includes(run.verdict?.result)) &&
    (freight === undefined || run.freightCollection === freight || run.freight.includes(freight)) &&
    (since === undefined || created >= since) &&
    (until === undefined || created < until)
  );
}

/** Whether a run can pass the filter: no Stage or Freight has a name that Kubernetes would refuse. */
export function canPass({ stage, freight }: RunFilter): boolean {
  return (stage === undefined || isObjectName(stage)) && (freight === undefined || isObjectName(freight));
}

/** The fields by which runs are ordered. */
export type Place = Pick<RunSummary, "createdAt" | "name">;

/** Compares two runs: newest first, then by name. */
export function newestFirst(a: Place, b: Place): number {
  return Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
