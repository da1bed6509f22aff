import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import type { Clock } from "../clock.ts";
import { memoizeFor } from "../memoize-for.ts";
import { Secret } from "../secret.ts";
import type { KubeConnection, KubeTls } from "./connection.ts";
import { findTokenFile } from "./token-file.ts";

/** The library honours the expiry of exec plugins; this only saves work. */
const REUSE_MS = 10_000;
const DEFAULT_CONTEXT = "loaded-context";

/**
 * Connects as a kubeconfig says: certificates, tokens, token files and exec plugins, as in kubectl.
 *
 * @param file the kubeconfig. Default: those in `KUBECONFIG`, or `~/.kube/config`.
 * @param context the context in it. Default: the current one.
 * @throws Error with one sentence if the file cannot be read, or has no such context.
 */
export async function kubeconfigConnection(
  file: string | undefined,
  context: string | undefined,
  clock: Clock,
): Promise<KubeConnection> {
  // Loading it takes most of a second and 85 MiB, so it is loaded only if there is a kubeconfig.
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
  // The library's default if there is no kubeconfig.
  if (
    file === undefined &&
    cluster.server === "http://localhost:8080" &&
    config.getCurrentContext() === DEFAULT_CONTEXT
  ) {
    throw new Error("No kubeconfig was found.");
  }
  if (cluster.server.startsWith("http:")) {
    // Without TLS there is nothing to verify, but the library requires the option.
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

/** The first line of an error's message: YAML parsers append an excerpt of the file. */
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
