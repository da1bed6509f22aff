import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import type { CompiledConfig } from "../config/compile.ts";
import { ConfigError } from "../config/config-error.ts";
import { parseConfig, parseShape } from "../config/load.ts";
import { reachOf } from "../config/reach.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { CONFIG_MAPS } from "../kube/resources.ts";
import { SOURCE_KINDS } from "../sources/registry.ts";
import { confirmReach } from "./confirm-reach.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";

export interface LocalConfigOptions {
  /** The configuration file. */
  readonly config: string | undefined;
  /** The ConfigMap with the configuration, as `namespace/name`. */
  readonly configMap: string | undefined;
  readonly kube: Pick<KubeApi, "get">;
  /** The address of the cluster. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly yes: boolean;
  readonly yesSecrets: boolean;
}

/** Settings of a server in the cluster, which mean nothing on the user's computer. */
const OF_A_SERVER = ["listen", "tls", "basePath", "identity", "cursors", "session", "shutdown", "reflection"];
const PODS_ONLY = "sources: [{ name: pods, kubernetes: {} }]";
/** The key of the configuration in a ConfigMap. If it has only one key, that one. */
const KEY = "taffrail.yaml";

const ConfigMap = z.object({ data: z.record(z.string(), z.string()).nullish() });

/**
 * Loads where logs are kept: from a file, from a ConfigMap, or, without either, from the pods alone.
 *
 * @throws CliError with all faults of the configuration; Failure if the ConfigMap cannot be read.
 */
export async function loadLocalConfig(io: CliIo, options: LocalConfigOptions): Promise<CompiledConfig> {
  const { config, configMap, clock } = options;
  const common = { env: io.env, clock, without: OF_A_SERVER };
  if (configMap !== undefined) return fromConfigMap(io, configMap, options, common);
  if (config === undefined) return parseConfig(PODS_ONLY, { ...common, name: "default", folder: "." });
  let text: string;
  try {
    text = readFileSync(config, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.usage, `cannot read ${config} (${code})`, ["try     another file with --config"]);
  }
  return explained(() => parseConfig(text, { ...common, name: basename(config), folder: dirname(config) }));
}

async function fromConfigMap(
  io: CliIo,
  configMap: string,
  { kube, cluster, yes, yesSecrets }: LocalConfigOptions,
  common: { readonly env: NodeJS.ProcessEnv; readonly clock: Clock; readonly without: readonly string[] },
): Promise<CompiledConfig> {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(configMap) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new CliError(EXIT.usage, `"${configMap}" is not NAMESPACE/NAME`);
  }
  const text = textOf(await kube.get(CONFIG_MAPS, namespace, name, io.signal), configMap);
  // Relative file names have no meaning here: they are shown as what they would be.
  const named = { ...common, name: `ConfigMap ${configMap}`, folder: "/" };
  const shape = explained(() => parseShape(text, named));
  // Before any file or variable that it names is looked at.
  const reach = reachOf(shape, SOURCE_KINDS, named.folder);
  await confirmReach(io, { cluster, configMap, reach, yes, yesSecrets });
  return explained(() => parseConfig(text, named));
}

function textOf(object: unknown, configMap: string): string {
  if (object === undefined) {
    throw new CliError(EXIT.usage, `there is no ConfigMap ${configMap}`, [
      "try     --config-map NAMESPACE/NAME, or --config FILE",
    ]);
  }
  const data = ConfigMap.safeParse(object).data?.data ?? {};
  const keys = Object.keys(data);
  const text = data[KEY] ?? (keys.length === 1 ? data[keys[0] ?? ""] : undefined);
  if (text !== undefined) return text;
  throw new CliError(EXIT.usage, `the ConfigMap ${configMap} has no key ${KEY}`, [
    `known: ${keys.join(", ") || "none"}`,
  ]);
}

function explained<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(EXIT.usage, "invalid configuration", error.faults);
    throw error;
  }
}
