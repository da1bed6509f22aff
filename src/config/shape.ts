import * as z from "zod";
import { didYouMean } from "../did-you-mean.ts";
import type { Locations } from "./locations.ts";
import type { Config } from "./schema.ts";

/** The result of checking the keys and values of a configuration. */
export interface CheckedShape {
  /** `undefined` if the faults prevent further checks. */
  readonly config: Config | undefined;
  /** One line each, with their positions. */
  readonly faults: string[];
}

/**
 * Checks the keys and values of a configuration, and fills in its defaults.
 *
 * An unknown key is a fault. If a known key resembles it, what is below it is checked as if it had that name.
 *
 * @param schema of the whole configuration.
 * @param raw is modified.
 */
export function checkShape(schema: z.ZodType<Config>, raw: unknown, locations: Locations): CheckedShape {
  const faults: string[] = [];
  for (;;) {
    const parsed = schema.safeParse(raw);
    if (parsed.success) return { config: parsed.data, faults };
    const unknown = parsed.error.issues.filter((issue) => issue.code === "unrecognized_keys");
    if (unknown.length === 0) {
      faults.push(...parsed.error.issues.map((issue) => describeIssue(issue, locations)));
      return { config: undefined, faults };
    }
    for (const { path, keys } of unknown) {
      const parent = path.reduce((node, key) => (node as Record<PropertyKey, unknown>)[key], raw);
      for (const key of keys)
        faults.push(replaceUnknownKey(parent as Record<string, unknown>, key, path, keysAt(schema, path), locations));
    }
  }
}

/** Reports an unknown key, and renames it to the known key that it resembles, or removes it. */
function replaceUnknownKey(
  parent: Record<string, unknown>,
  key: string,
  path: readonly PropertyKey[],
  known: readonly string[],
  locations: Locations,
): string {
  const near = didYouMean(key, known);
  if (near !== undefined && !Object.hasOwn(parent, near)) parent[near] = parent[key];
  delete parent[key];
  const hint = near === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean "${near}"?`;
  return `${locations.ofKey(path, key)}: unknown key "${key}". ${hint}`;
}

function describeIssue(issue: z.core.$ZodIssue, locations: Locations): string {
  const position =
    issue.code === "invalid_key"
      ? locations.ofKey(issue.path.slice(0, -1), String(issue.path.at(-1)))
      : locations.of(issue.path);
  return `${position}: ${describePath(issue.path)} ${whatIsWrong(issue)}`;
}

function whatIsWrong(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) return "is missing";
  // The issue of a record's key contains the issues of the key itself.
  const message = (issue.code === "invalid_key" && issue.issues[0]?.message) || issue.message;
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (expected !== undefined) return `must be ${withArticle(expected)}, not ${withArticle(String(received))}`;
  return message.startsWith("must ") ? message : `is invalid: ${message}`;
}

function withArticle(type: string): string {
  if (type === "null") return type;
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

function describePath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the configuration";
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`))
    .join("");
}

/** The known keys at a path. */
function keysAt(config: z.ZodType, path: readonly PropertyKey[]): string[] {
  type Schema = { properties?: Record<string, Schema>; items?: Schema; additionalProperties?: Schema };
  let schema = z.toJSONSchema(config, { io: "input" }) as Schema | undefined;
  for (const key of path) {
    schema =
      typeof key === "number" ? schema?.items : (schema?.properties?.[String(key)] ?? schema?.additionalProperties);
  }
  return Object.keys(schema?.properties ?? {});
}
