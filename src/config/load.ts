import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { didYouMean } from "../did-you-mean.ts";
import { type CompiledConfig, compileConfig } from "./compile.ts";
import { ConfigError } from "./config-error.ts";
import { kargoConfig } from "./kargo-env.ts";
import { type Places, yamlPlaces } from "./places.ts";
import { ConfigSchema } from "./schema.ts";

const MOST_FAULTS = 10;

export interface LoadOptions {
  /** The configuration file. Without it, Kargo's variables in `env` are the configuration. */
  readonly file: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/**
 * Loads a configuration and checks all of it: keys, values, templates, secrets.
 *
 * @throws ConfigError with every fault and its place.
 */
export function loadConfig({ file, env, clock }: LoadOptions): CompiledConfig {
  if (file !== undefined) {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      throw new ConfigError([
        `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}). Name another file with --config.`,
      ]);
    }
    return parseConfig(text, { name: basename(file), folder: dirname(file), env, clock });
  }
  const fromKargo = kargoConfig(env);
  if (fromKargo === undefined) {
    throw new ConfigError([
      "There is no configuration. Name a file with --config, or set ANALYSIS_RUN_LOG_URL_TEMPLATE.",
    ]);
  }
  const place = "ANALYSIS_RUN_LOG_URL_TEMPLATE";
  const places: Places = {
    of: (path) => (path.includes("headers") ? "ANALYSIS_RUN_LOG_HTTP_HEADERS" : place),
    ofKey: () => place,
  };
  return check(fromKargo, places, { folder: ".", env, clock });
}

/**
 * Checks a configuration that is given as YAML text.
 *
 * @param options.name what the text is called in faults; `folder`: what file names in it are relative to.
 * @throws ConfigError with every fault and its place.
 */
export function parseConfig(
  text: string,
  options: { readonly name: string; readonly folder: string; readonly env: NodeJS.ProcessEnv; readonly clock: Clock },
): CompiledConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.slice(0, MOST_FAULTS).map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return `${options.name}:${line}:${col}: ${error.message}`;
      }),
    );
  }
  return check(document.toJS() ?? {}, yamlPlaces(options.name, document, lines), options);
}

function check(
  raw: unknown,
  places: Places,
  options: { readonly folder: string; readonly env: NodeJS.ProcessEnv; readonly clock: Clock },
): CompiledConfig {
  const parsed = ConfigSchema.safeParse(raw);
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.flatMap((issue) => tell(issue, places)).slice(0, MOST_FAULTS));
  return compileConfig(parsed.data, places, options);
}

function tell(issue: z.core.$ZodIssue, places: Places): string[] {
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(issue.path);
    return issue.keys.map((key) => {
      const near = didYouMean(key, known);
      const hint = near === undefined ? `There are: ${known.join(", ")}.` : `Did you mean "${near}"?`;
      return `${places.ofKey(issue.path, key)}: there is no key "${key}" here. ${hint}`;
    });
  }
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return [`${places.of(issue.path)}: ${describe(issue.path)} ${missing ? "is missing" : `is wrong: ${issue.message}`}`];
}

function describe(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the configuration";
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`))
    .join("");
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  type Schema = { properties?: Record<string, Schema>; items?: Schema; additionalProperties?: Schema };
  let schema = z.toJSONSchema(ConfigSchema, { io: "input" }) as Schema | undefined;
  for (const key of path) {
    schema =
      typeof key === "number" ? schema?.items : (schema?.properties?.[String(key)] ?? schema?.additionalProperties);
  }
  return Object.keys(schema?.properties ?? {});
}
