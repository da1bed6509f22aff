import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isMap, LineCounter, parseDocument } from "yaml";
import type { Clock } from "../clock.ts";
import { SOURCE_KINDS } from "../sources/registry.ts";
import type { SourceKind } from "../sources/source-kind.ts";
import { type CompiledConfig, compileConfig } from "./compile.ts";
import { ConfigError } from "./config-error.ts";
import { kargoConfig } from "./kargo-env.ts";
import { type Locations, yamlLocations } from "./locations.ts";
import { type Config, createConfigSchema } from "./schema.ts";
import { checkShape } from "./shape.ts";

export interface LoadOptions {
  /** The configuration file. Without it, Kargo's variables in `env` are the configuration. */
  readonly file: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

export interface ParseOptions {
  /** The name of the file in faults. */
  readonly name: string;
  /** The base of relative file names. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** The available kinds of source. Default: all. */
  readonly kinds?: readonly SourceKind[];
  /** Top-level keys to ignore: they are settings of another place than this one. Default: none. */
  readonly without?: readonly string[];
}

/**
 * Loads a configuration and checks all of it: keys, values, templates, secrets.
 *
 * @throws ConfigError with all faults and their positions.
 */
export function loadConfig({ file, env, clock }: LoadOptions): CompiledConfig {
  if (file !== undefined) {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      throw new ConfigError([
        `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}). Pass another file with --config.`,
      ]);
    }
    return parseConfig(text, { name: basename(file), folder: dirname(file), env, clock });
  }
  const fromKargo = kargoConfig(env);
  if (fromKargo === undefined) {
    throw new ConfigError(["No configuration: pass a file with --config, or set ANALYSIS_RUN_LOG_URL_TEMPLATE."]);
  }
  const place = "ANALYSIS_RUN_LOG_URL_TEMPLATE";
  const locations: Locations = {
    of: (path) => (path.includes("headers") ? "ANALYSIS_RUN_LOG_HTTP_HEADERS" : place),
    ofKey: () => place,
  };
  return check(fromKargo, locations, { folder: ".", env, clock });
}

/**
 * Parses and checks a configuration in YAML.
 *
 * @throws ConfigError with all faults and their positions.
 */
export function parseConfig(text: string, options: ParseOptions): CompiledConfig {
  const { raw, locations } = parseYaml(text, options);
  return check(raw, locations, options);
}

/**
 * Parses a configuration in YAML and checks its keys and values only: nothing that it names is opened or read.
 *
 * @throws ConfigError with all faults and their positions.
 */
export function parseShape(
  text: string,
  { kinds = SOURCE_KINDS, ...options }: Pick<ParseOptions, "name" | "kinds" | "without">,
): Config {
  const { raw, locations } = parseYaml(text, options);
  const { config, faults } = checkShape(createConfigSchema(kinds), raw, locations);
  if (config === undefined || faults.length > 0) throw new ConfigError(faults);
  return config;
}

function parseYaml(text: string, options: Pick<ParseOptions, "name" | "without">) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return `${options.name}:${line}:${col}: ${error.message}`;
  });
  if (faults.length > 0) throw new ConfigError(faults);
  if (isMap(document.contents)) for (const key of options.without ?? []) document.delete(key);
  let raw: unknown;
  try {
    raw = document.toJS() ?? {};
  } catch (error) {
    // An alias without an anchor, or too many aliases.
    throw new ConfigError([`${options.name}: ${(error as Error).message}`]);
  }
  return { raw, locations: yamlLocations(options.name, document, lines) };
}

/** Collects the faults of keys and values and, if those are valid enough, of templates and secrets. */
function check(raw: unknown, locations: Locations, options: Omit<ParseOptions, "name">): CompiledConfig {
  const { kinds = SOURCE_KINDS } = options;
  const { config, faults } = checkShape(createConfigSchema(kinds), raw, locations);
  try {
    const compiled = config && compileConfig(config, locations, { ...options, kinds });
    if (compiled !== undefined && faults.length === 0) return compiled;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
  }
  throw new ConfigError(faults);
}
