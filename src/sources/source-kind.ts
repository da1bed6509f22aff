import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Egress } from "../egress/egress.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { Lookups } from "./lookups.ts";
import type { Capabilities, LogStore } from "./source.ts";

/** What the configuration of a source is compiled with. */
export interface CompileContext {
  /** The operator's constants for templates, by name. */
  readonly vars: Readonly<Record<string, string>>;
  /** The folder that file names in the configuration are relative to. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /**
   * Does something that may throw, such as compiling a template. An error becomes a fault of the configuration, which
   * is told with its place and beside all other faults, and the result is `undefined`.
   *
   * @param path the keys that lead to the value at fault, within the source's own configuration.
   */
  attempt<T>(path: readonly PropertyKey[], work: () => T): T | undefined;
}

/** What a source is created with. */
export interface SourceDeps {
  /** The name that the configuration gives to the source: errors name it. */
  readonly name: string;
  /** Every connection to a store is made by it. */
  readonly egress: Egress;
  /** The way to the API server. Its connections are not the source's to close. */
  readonly kube: Pick<KubeApi, "openPodLog">;
}

/**
 * A kind of source: everything that the program knows of it. Each is one file of this folder, and one line of
 * registry.ts (docs/adding-a-source.md).
 *
 * `Config` is what its schema gives, `Compiled` what is made of that once, when the configuration is loaded.
 */
export interface SourceKind<Config = unknown, Compiled = unknown> {
  /** The key of its settings in a source's configuration. Operators are told it by GetStatus, too. */
  readonly kind: string;
  /** Its settings. Their descriptions go into the published JSON Schema. */
  readonly schema: z.ZodType<Config>;
  readonly capabilities: Capabilities;
  /** Compiles templates and opens secrets and certificates. `undefined` where there were faults. */
  compile(config: Config, context: CompileContext): Compiled | undefined;
  /** What its templates need to know of the cluster, beside the run itself. */
  lookups(compiled: Compiled): Lookups;
  create(compiled: Compiled, deps: SourceDeps): LogStore;
}
