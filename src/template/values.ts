/**
 * The values of a template's variables, for one run, attempt and container. A name without a value is a variable that
 * this run does not have (a run without a Stage has no `stage`).
 */
export interface TemplateValues {
  /** Values by variable name. Times are RFC 3339 in UTC. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The functions that look up a value of the run by a literal key: `label("team")`. */
  readonly lookups: Readonly<Record<"label" | "annotation" | "arg" | "freight", (key: string) => string | undefined>>;
}
