import { readProxies } from "../egress/proxies.ts";
import { type KubeconfigConnection, kubeconfigConnection } from "../kube/kubeconfig.ts";
import type { CliIo } from "./io.ts";

/** A user of a kubeconfig. */
export interface KubeUser {
  /** Default: the files that kubectl reads. */
  readonly kubeconfig: string | undefined;
  /** Default: the current one. */
  readonly kubeContext: string | undefined;
}

/**
 * A connection to the API server as kubectl has it, through the proxy of the kubeconfig or of the environment.
 *
 * @throws KubeconfigError if the kubeconfig cannot be used.
 */
export async function kubeConnection(
  { kubeconfig, kubeContext }: KubeUser,
  { env, ask, now = Date.now }: Pick<CliIo, "env" | "ask" | "now">,
): Promise<KubeconfigConnection> {
  const terminal = ask !== undefined;
  const connection = await kubeconfigConnection(kubeconfig, kubeContext, { now }, { env, terminal });
  const proxyUrl = connection.proxyUrl ?? proxyFor(connection.server, env);
  return proxyUrl === undefined ? connection : { ...connection, proxyUrl };
}

/** The proxy that kubectl would use for the API server. */
function proxyFor(server: string, env: NodeJS.ProcessEnv): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const proxy = readProxies(env)({ protocol, hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port });
  if (proxy === undefined) return undefined;
  const [lower, upper] = protocol === "https:" ? [env.https_proxy, env.HTTPS_PROXY] : [env.http_proxy, env.HTTP_PROXY];
  const text = lower ?? upper ?? "";
  return text.includes("://") ? text : `http://${text}`;
}
