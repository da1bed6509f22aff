import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import type { Clock } from "../clock.ts";
import { memoizeFor } from "../memoize-for.ts";
import { Secret } from "../secret.ts";
import type { KubeConnection, KubeTls } from "./connection.ts";
import { findTokenFile } from "./token-file.ts";

/** Exec plugins have expiry times of their own, which the library keeps; this only spares work. */
const REUSE_MS = 10_000;
const MADE_UP = "loaded-context";

/**
 * The connection that a kubeconfig describes: certificates, tokens, token files and exec plugins, as kubectl reads
 * them.
 *
 * @param file the kubeconfig; without it those that `KUBECONFIG` names, or `~/.kube/config`.
 * @param context the context in it; without it the current one.
 * @throws Error with one sentence when the file cannot be read, or the context is not there.
 */
export async function kubeconfigConnection(
  file: string | undefined,
  context: string | undefined,
  clock: Clock,
): Promise<KubeConnection> {
  // Costs most of a second and 85 MiB when loaded, so only those who have a kubeconfig pay.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    throw new Error(`The kubeconfig cannot be read: ${whyOf(error)}.`, { cause: error });
  }
  if (context !== undefined) {
    const known = config.getContexts().map((each) => each.name);
    if (!known.includes(context)) {
      throw new Error(`The kubeconfig has no context "${context}". Its contexts: ${known.join(", ") || "none"}.`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error("The kubeconfig has no current cluster: choose a context with --context.");
  // What the library makes up where there is no kubeconfig at all.
  if (file === undefined && cluster.server === "http://localhost:8080" && config.getCurrentContext() === MADE_UP) {
    throw new Error("No kubeconfig was found.");
  }
  if (cluster.server.startsWith("http:")) {
    // Without TLS there is nothing to verify; the library wants it said.
    config.clusters = config.clusters.map((each) => (each === cluster ? { ...each, skipTLSVerify: true } : each));
  }
  const user = config.getCurrentUser();
  const tokenFile = user === null ? undefined : findTokenFile(file, user.name);
  return {
    server: cluster.server.replace(/\/+$/, ""),
    ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: cluster.proxyUrl }),
    credentials: memoizeFor(REUSE_MS, clock, async () => {
      const options: RequestOptions & { servername?: string } = {};
      await config.applyToHTTPSOptions(options);
      const headers: Record<string, Secret> = {};
      for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = new Secret(String(value));
      if (typeof options.auth === "string") {
        headers.Authorization = new Secret(`Basic ${Buffer.from(options.auth).toString("base64")}`);
      }
      if (tokenFile !== undefined) {
        headers.Authorization = new Secret(`Bearer ${(await readFile(tokenFile, "utf8")).trim()}`);
      }
      return { headers, tls: tlsOf(options) };
    }),
  };
}

/** The first line of an error's text: a YAML reader goes on with a picture of the place. */
function whyOf(error: unknown): string {
  return (error as Error).message.split("\n", 1)[0] ?? "";
}

function tlsOf(options: RequestOptions & { servername?: string }): KubeTls {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = options as KubeTls & { key?: string | Buffer };
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: new Secret(key.toString()) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}
