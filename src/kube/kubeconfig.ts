import type { RequestOptions } from "node:https";
import type { Clock } from "../clock.ts";
import { reuse } from "../reuse.ts";
import type { KubeConnection, KubeTls } from "./connection.ts";

/** Exec plugins and token files have expiry times of their own, which the library keeps; this only spares it work. */
const REUSE_MS = 10_000;

/**
 * The connection that a kubeconfig describes: certificates, tokens, token files and exec plugins, as kubectl reads them.
 *
 * @param file the kubeconfig; without it those that `KUBECONFIG` names, or `~/.kube/config`.
 * @param context the context in it; without it the current one.
 * @throws Error with one sentence when the file or the context is not there.
 */
export async function kubeconfigConnection(
  file: string | undefined,
  context: string | undefined,
  clock: Clock,
): Promise<KubeConnection> {
  // Costs most of a second and 85 MiB when loaded, so only those who have a kubeconfig pay.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  if (file === undefined) config.loadFromDefault();
  else config.loadFromFile(file);
  if (context !== undefined) {
    const known = config.getContexts().map((each) => each.name);
    if (!known.includes(context)) {
      throw new Error(`The kubeconfig has no context "${context}". It has: ${known.join(", ") || "none"}.`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error("The kubeconfig names no current cluster. Say which with --context.");
  return {
    server: cluster.server.replace(/\/+$/, ""),
    ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: cluster.proxyUrl }),
    credentials: reuse(REUSE_MS, clock, async () => {
      const options: RequestOptions & { servername?: string } = {};
      await config.applyToHTTPSOptions(options);
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
      if (typeof options.auth === "string") {
        headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
      }
      return { headers, tls: tlsOf(options) };
    }),
  };
}

function tlsOf(options: RequestOptions & { servername?: string }): KubeTls {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = options as KubeTls;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}
