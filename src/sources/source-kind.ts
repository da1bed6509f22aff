import type * as z from "zod";
import type { Clock } from "../clock.ts";
import type { Egress } from "../egress/egress.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { Sleep } from "../sleep.ts";
import type { DecompressLimits } from "../stream/decompress.ts";
import type { Lookups } from "./lookups.ts";
import type { Capabilities, LogStore } from "./source.ts";

/** What is available when a source's configuration is compiled. */
export interface CompileContext {
  /** The operator's constants for templates, by name. */
  readonly vars: Readonly<Record<string, string>>;
  /** The folder that file names in the configuration are relative to. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /**
   * Runs work that may throw, such as compiling a template. An error becomes a fault of the configuration, which is
   * reported with its position together with all other faults, and the result is `undefined`.
   *
   * @param path the keys of the invalid value, within the settings of the source's kind.
   */
  attempt<T>(path: readonly PropertyKey[], work: () => T): T | undefined;
}

/** How much a source may read to find a log. */
export interface SourceLimits {
  readonly decompress: DecompressLimits;
  /** How much text is searched for the lines of one container where lines of several are stored together. */
  readonly scanBytes: number;
}

/** What is available when a source is created. */
export interface SourceDeps {
  /** The source's name in the configuration, for errors. */
  readonly name: string;
  /** Makes every connection to a store. */
  readonly egress: Egress;
  /** The client of the API server. The source must not close its connections. */
  readonly kube: Pick<KubeApi, "openPodLog" | "owner">;
  /** Waits between two tries of a request. */
  readonly sleep: Sleep;
  /** How much a source that looks into files may read. */
  readonly limits: SourceLimits;
}

/**
 * A kind of source. Each is one file in this folder and one line in registry.ts (docs/adding-a-source.md).
 *
 * `Config` is the result of its schema, `Compiled` its compiled form, made once when the configuration is loaded.
 */
export interface SourceKind<Config = unknown, Compiled = unknown> {
  /** The key of its settings in a source's configuration. GetStatus reports it to operators. */
  readonly kind: string;
  /** The schema of its settings. Their descriptions are part of the published JSON Schema. */
  readonly schema: z.ZodType<Config>;
  readonly capabilities: Capabilities;
  /** The hosts that its settings lead to, as `scheme://host:port`, for a person to confirm. */
  hosts(config: Config): readonly string[];
  /** What it uses of this computer without being told where it is, such as AWS credentials. Default: nothing. */
  ambientCredentials?(config: Config): readonly string[];
  /** Compiles templates and opens secrets and certificates. `undefined` if there were faults. */
  compile(config: Config, context: CompileContext): Compiled | undefined;
  /** What its templates need from the cluster besides the run itself. */
  lookups(compiled: Compiled): Lookups;
  create(compiled: Compiled, deps: SourceDeps): LogStore;
}
