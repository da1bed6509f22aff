import type { Clock } from "../clock.ts";
import { createEgress, type Egress } from "../egress/egress.ts";
import { readProxies } from "../egress/proxies.ts";
import { type AddressTemplate, compileAddress } from "../template/address.ts";
import { TemplateError } from "../template/errors.ts";
import { compileText, type TextTemplate } from "../template/text.ts";
import { ConfigError } from "./config-error.ts";
import type { Places } from "./places.ts";
import type { Config, HttpConfig, SourceConfig } from "./schema.ts";
import { openSecret, type SecretReader } from "./secret.ts";
import { openTlsFiles, readServerTls, type ServerTls, type TlsReader } from "./tls-files.ts";

/** A source whose templates and secrets are known to be good. */
export type CompiledSource =
  | { readonly kind: "kubernetes"; readonly config: SourceConfig }
  | { readonly kind: "http"; readonly config: SourceConfig; readonly http: CompiledHttp };

/** An HTTP store whose templates and secrets are known to be good. */
export interface CompiledHttp {
  readonly config: HttpConfig;
  readonly url: AddressTemplate;
  readonly headers: Readonly<Record<string, TextTemplate>>;
  readonly token: SecretReader | undefined;
  readonly tls: TlsReader | undefined;
}

/** A link whose template is known to be good. */
export interface CompiledLink {
  readonly config: Config["links"][number];
  readonly url: AddressTemplate;
}

/** A configuration that can be run. */
export interface CompiledConfig {
  readonly config: Config;
  /** The port's certificate and key; `undefined`: cleartext. */
  readonly tls: ServerTls | undefined;
  /** The way to all stores. */
  readonly egress: Egress;
  readonly sources: readonly CompiledSource[];
  readonly links: readonly CompiledLink[];
  /** What cursors are signed with. */
  readonly cursorKeys: readonly SecretReader[];
}

/**
 * Compiles the templates and opens the secrets and certificates of a configuration.
 *
 * @throws ConfigError with every fault and its place.
 */
export function compileConfig(
  config: Config,
  places: Places,
  { folder, env, clock }: { readonly folder: string; readonly env: NodeJS.ProcessEnv; readonly clock: Clock },
): CompiledConfig {
  const faults: string[] = [];
  const { vars } = config;

  /** Does one thing that may be at fault, so that all faults are told at once. */
  const attempt = <T>(path: readonly PropertyKey[], work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      const offset = error instanceof TemplateError ? error.offset : undefined;
      faults.push(`${places.of(path, offset)}: ${(error as Error).message}`);
      return undefined;
    }
  };

  const compileHttp = (at: readonly PropertyKey[], http: HttpConfig): CompiledHttp | undefined => {
    const { url, headers, token, hosts, charset, tls } = http;
    if (charset !== undefined) {
      attempt([...at, "charset"], () => {
        if (!isCharset(charset))
          throw new Error(`there is no encoding "${charset}". Names are those of https://encoding.spec.whatwg.org`);
      });
    }
    const address = attempt([...at, "url"], () => compileAddress(url, { vars, ...(hosts !== undefined && { hosts }) }));
    const compiled: Record<string, TextTemplate> = {};
    for (const [name, text] of Object.entries(headers)) {
      const header = attempt([...at, "headers", name], () => {
        const made = compileText(text, "header", { vars, token: true });
        if (made.names.has("token") && token === undefined) {
          throw new Error("the header wants ${{ token }}, but this source has no `token`");
        }
        return made;
      });
      if (header !== undefined) compiled[name] = header;
    }
    const secret = token && attempt([...at, "token"], () => openSecret(token, folder, env, clock));
    const files =
      tls &&
      attempt([...at, "tls"], () => {
        if (!/^https:/i.test(url))
          throw new Error("the address of this source begins with http://, so there is no TLS");
        return openTlsFiles(tls, folder, clock);
      });
    return address && { config: http, url: address, headers: compiled, token: secret, tls: files };
  };

  const names = new Set<string>();
  const sources = config.sources.map((source, index): CompiledSource | undefined => {
    const path = ["sources", index];
    if (names.has(source.name))
      faults.push(`${places.of([...path, "name"])}: another source is called "${source.name}" already`);
    names.add(source.name);
    if (source.http === undefined) return { kind: "kubernetes", config: source };
    const http = compileHttp([...path, "http"], source.http);
    return http && { kind: "http", config: source, http };
  });

  const links = config.links.map((link, index): CompiledLink | undefined => {
    const url = attempt(["links", index, "url"], () => compileAddress(link.url, { vars, fragment: true }));
    return url && { config: link, url };
  });

  const { tls: files } = config;
  const tls = files && attempt(["tls"], () => readServerTls(files, folder));
  const cursorKeys = config.cursors.keys.map((key, index) =>
    attempt(["cursors", "keys", index], () => openSecret(key, folder, env, clock)),
  );

  const egress = createWay(config, env, faults);
  if (faults.length > 0 || egress === undefined) throw new ConfigError(faults);
  return {
    config,
    tls,
    egress,
    sources: sources.filter((each) => each !== undefined),
    links: links.filter((each) => each !== undefined),
    cursorKeys: cursorKeys.filter((each) => each !== undefined),
  };
}

function createWay({ egress }: Config, env: NodeJS.ProcessEnv, faults: string[]): Egress | undefined {
  try {
    return createEgress({ allow: egress.allow, proxies: readProxies(env) });
  } catch (error) {
    faults.push((error as Error).message);
    return undefined;
  }
}

function isCharset(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}
