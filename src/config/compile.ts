import type { Clock } from "../clock.ts";
import { openSecret, type SecretReader } from "../config-values/secret-reader.ts";
import { readServerTls, type ServerTls } from "../config-values/tls-files.ts";
import { createEgress, type Egress } from "../egress/egress.ts";
import { readProxies } from "../egress/proxies.ts";
import { type CompiledProvider, compileProviders } from "../identity/provider-config.ts";
import { allLookups, type Lookups } from "../sources/lookups.ts";
import { compileConnection } from "../sources/s3.ts";
import type { CompiledConnection } from "../sources/s3-client.ts";
import { type CompiledSource, compileSource } from "../sources/source-config.ts";
import type { CompileContext, SourceKind } from "../sources/source-kind.ts";
import { type AddressTemplate, compileAddress } from "../template/address.ts";
import { TemplateError } from "../template/errors.ts";
import { compileText, type TextTemplate } from "../template/text.ts";
import { ConfigError } from "./config-error.ts";
import type { Locations } from "./locations.ts";
import type { Config } from "./schema.ts";

/** A link with its compiled template: to a page, or to an object in a private bucket. */
export type CompiledLink = PageLink | ObjectLink;

interface PageLink {
  readonly kind: "page";
  readonly config: Config["links"][number];
  readonly url: AddressTemplate;
}

export interface ObjectLink {
  readonly kind: "object";
  readonly config: Config["links"][number];
  readonly key: TextTemplate;
  readonly connection: CompiledConnection;
}

/** A configuration with its templates compiled and its files opened. */
export interface CompiledConfig {
  readonly config: Config;
  /** The server's certificate and key; `undefined`: cleartext. */
  readonly tls: ServerTls | undefined;
  /** Whose tokens are accepted: at least one. */
  readonly providers: readonly CompiledProvider[];
  /** For the connections to all stores and identity providers. */
  readonly egress: Egress;
  readonly sources: readonly CompiledSource[];
  /** The lookups in the cluster that any source needs. */
  readonly lookups: Lookups;
  readonly links: readonly CompiledLink[];
  /** The keys that sign cursors. */
  readonly cursorKeys: readonly SecretReader[];
}

export interface CompileOptions {
  /** The base of relative file names. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** The available kinds of source. */
  readonly kinds: readonly SourceKind[];
}

/**
 * Compiles the templates and opens the secrets and certificates of a configuration.
 *
 * @throws ConfigError with all faults and their positions.
 */
export function compileConfig(config: Config, locations: Locations, options: CompileOptions): CompiledConfig {
  const { folder, env, clock, kinds } = options;
  const faults: string[] = [];
  const { vars } = config;

  /** Collects the fault of one step, so that all faults are reported at once. */
  const attempt = <T>(path: readonly PropertyKey[], work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      const offset = error instanceof TemplateError ? error.offset : undefined;
      faults.push(`${locations.of(path, offset)}: ${(error as Error).message}`);
      return undefined;
    }
  };

  const names = new Set<string>();
  const sources = config.sources.map((source, index): CompiledSource | undefined => {
    const path = ["sources", index];
    if (names.has(source.name))
      faults.push(`${locations.of([...path, "name"])}: duplicate source name "${source.name}"`);
    names.add(source.name);
    return compileSource(kinds, source, {
      vars,
      folder,
      env,
      clock,
      attempt: (within, work) => attempt([...path, ...within], work),
    });
  });

  const links = config.links.map((link, index): CompiledLink | undefined => {
    const { url, presign } = link;
    const path = ["links", index];
    if (presign === undefined) {
      const page = attempt([...path, "url"], () => compileAddress(url ?? "", { vars, fragment: true }));
      return page && { kind: "page", config: link, url: page };
    }
    const own: CompileContext["attempt"] = (within, work) => attempt([...path, "presign", "s3", ...within], work);
    const key = own(["key"], () => compileText(presign.s3.key, "s3-key", { vars }));
    const connection = compileConnection(presign.s3, { vars, folder, env, clock, attempt: own });
    return key && { kind: "object", config: link, key, connection };
  });

  const providers = compileProviders(config.identity.providers, { folder, env, clock, attempt });

  const { tls: files } = config;
  const tls = files && attempt(["tls"], () => readServerTls(files, folder));
  const cursorKeys = config.cursors.keys.map((key, index) =>
    attempt(["cursors", "keys", index], () => openSecret(key, folder, env, clock)),
  );

  const egress = openEgress(config, env, faults);
  if (faults.length > 0 || egress === undefined) throw new ConfigError(faults);
  const compiled = sources.filter((each) => each !== undefined);
  return {
    config,
    tls,
    providers,
    egress,
    sources: compiled,
    lookups: allLookups(compiled.map(({ lookups }) => lookups)),
    links: links.filter((each) => each !== undefined),
    cursorKeys: cursorKeys.filter((each) => each !== undefined),
  };
}

function openEgress({ egress }: Config, env: NodeJS.ProcessEnv, faults: string[]): Egress | undefined {
  try {
    return createEgress({ allow: egress.allow, proxies: readProxies(env) });
  } catch (error) {
    faults.push((error as Error).message);
    return undefined;
  }
}
