/** Whether a name has the same value for a whole run, or another one for each attempt and container. */
export type Level = "run" | "attempt";

export interface VariableName {
  readonly name: string;
  readonly level: Level;
  readonly doc: string;
}

export interface LookupName {
  readonly name: "label" | "annotation" | "arg" | "freight";
  readonly level: Level;
  readonly doc: string;
}

const run = (name: string, doc: string): VariableName => ({ name, level: "run", doc });
const attempt = (name: string, doc: string): VariableName => ({ name, level: "attempt", doc });

/** All template variables except `token`, which is {@link TOKEN}. */
export const VARIABLES: readonly VariableName[] = [
  run("project", "the project, which is the run's namespace"),
  run("namespace", "the run's namespace"),
  run("shard", "the shard of the run's Stage"),
  run("stage", "the run's Stage"),
  run("promotion", "the Promotion that led to the run"),
  run("freight", "the name of the run's Freight, if there is only one"),
  run("freightAlias", "the alias of that Freight"),
  run("freightCollection", "the id of the run's Freight collection"),
  run("rollout", "the Rollout that the run belongs to (plain Argo Rollouts)"),
  run("revision", "the revision of that Rollout"),
  run("analysisRun", "the run's name"),
  run("analysisRunUid", "the run's uid"),
  attempt("metricName", "the metric's name"),
  attempt("attempt", "the attempt's number, from 1"),
  attempt("jobNamespace", "the namespace of the attempt's Job"),
  attempt("jobName", "the name of the attempt's Job"),
  attempt("podName", "the name of the Job's pod, while it exists in the cluster"),
  attempt("podPrefix", "the prefix of the names of the Job's pods"),
  attempt("container", "the container"),
  run("phase", "the attempt's phase; in a link about a whole run, the run's"),
  run("startedAt", "when that started"),
  run("finishedAt", "when that ended"),
];

/** The variables that a whole run does not have. */
export const ATTEMPT_NAMES: ReadonlySet<string> = new Set(
  VARIABLES.filter(({ level }) => level === "attempt").map(({ name }) => name),
);

/** The source's secret: in headers only. */
export const TOKEN = "token";

/** The functions that look up a value of the run by a literal key. */
export const LOOKUPS: readonly LookupName[] = [
  { name: "label", level: "run", doc: "a label of the run" },
  { name: "annotation", level: "run", doc: "an annotation of the run" },
  { name: "arg", level: "run", doc: "an argument of the run" },
  { name: "freight", level: "run", doc: "the name of the Freight from a Warehouse" },
];
