import { resolve } from "node:path";
import { SecretRef } from "../config-values/secret-reader.ts";
import { credentialsOfBucket, hostsOf, hostsOfBucket } from "../sources/hosts-of.ts";
import type { SourceKind } from "../sources/source-kind.ts";
import type { Config } from "./schema.ts";

/** What a part of a configuration makes this computer do. */
export interface Reach {
  /** Which part: `source archive`, `link Report`. */
  readonly of: string;
  /** The hosts that are contacted, or that its links lead to: `https://logs.example.com`. */
  readonly hosts: readonly string[];
  /** What of this computer is read for it, and mostly sent there: files, environment variables, AWS credentials. */
  readonly secrets: readonly string[];
}

/**
 * Lists what a configuration reaches: each host, and what of this computer goes there. A configuration from a place that
 * others can write to could otherwise send them any file.
 *
 * @param folder the base of relative file names.
 */
export function reachOf(config: Config, kinds: readonly SourceKind[], folder: string): readonly Reach[] {
  const parts: Reach[] = [];
  for (const source of config.sources as readonly Readonly<Record<string, unknown>>[]) {
    const kind = kinds.find((each) => source[each.kind] !== undefined);
    const settings = kind && source[kind.kind];
    if (kind === undefined) continue;
    parts.push({
      of: `source ${String(source.name)}`,
      hosts: kind.hosts(settings),
      secrets: [...secretsIn(settings, folder), ...(kind.ambientCredentials?.(settings) ?? [])],
    });
  }
  for (const { title, url, presign } of config.links) {
    parts.push({
      of: `link ${title}`,
      hosts: presign === undefined ? hostsOf(url ?? "") : hostsOfBucket(presign.s3),
      secrets: [...secretsIn(presign, folder), ...(presign === undefined ? [] : credentialsOfBucket(presign.s3))],
    });
  }
  if (config.egress.allow.length > 0) {
    parts.push({ of: "egress.allow", hosts: config.egress.allow.map((range) => `addresses ${range}`), secrets: [] });
  }
  return parts.filter(({ hosts, secrets }) => hosts.length + secrets.length > 0);
}

const FILE_KEYS: ReadonlySet<string> = new Set(["caFile", "certFile", "keyFile"]);

/** References to secrets and files, wherever they are. */
function secretsIn(value: unknown, folder: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  const reference = SecretRef.safeParse(value).data;
  if (reference?.file !== undefined) return [`the file ${resolve(folder, reference.file)}`];
  if (reference?.env !== undefined) return [`the environment variable ${reference.env}`];
  return Object.entries(value).flatMap(([key, each]) =>
    FILE_KEYS.has(key) && typeof each === "string" ? [`the file ${resolve(folder, each)}`] : secretsIn(each, folder),
  );
}
