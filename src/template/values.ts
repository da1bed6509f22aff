/**
 * What a template's variables stand for, for one run, attempt and container. A name without a value is a variable that this run does not have
 * (a run without a Stage has no `stage`).
 */
export interface TemplateValues {
  /** Values by variable name. Times are RFC 3339 in UTC. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The functions that look a value up in the run by a key of the template's author: `label("team")`. */
  readonly lookups: Readonly<Record<"label" | "annotation" | "arg" | "freight", (key: string) => string | undefined>>;
}
