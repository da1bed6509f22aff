import type { Command } from "commander";
import type { Logger } from "pino";
import { systemClock } from "../clock.ts";
import { ConfigError } from "../config/config-error.ts";
import { loadConfig } from "../config/load.ts";
import type { KubeConnection } from "../kube/connection.ts";
import { inClusterConnection } from "../kube/in-cluster.ts";
import { createKubeApi } from "../kube/kube-api.ts";
import { kubeconfigConnection } from "../kube/kubeconfig.ts";
import { startGateway } from "../server/gateway.ts";
import { createLog } from "../telemetry/log.ts";
import type { LocalFlags } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { localTarget, loopback, serveUi } from "./ui.ts";
import { untilStopped } from "./until-stopped.ts";

const LOCAL_LISTEN = "127.0.0.1:8080";

interface ServeFlags extends LocalFlags {
  readonly listen?: string;
  readonly context?: string;
}

/** Adds `taffrail serve`. */
export function addServeCommand(program: Command, io: CliIo): void {
  program
    .command("serve")
    .description("Run the gateway.")
    .option("--config <file>", "the configuration file (default: Kargo's ANALYSIS_RUN_LOG_… variables)")
    .option("--listen <host:port>", "the address to listen on (default: the configuration's, else :8080)")
    .option("--kubeconfig <file>", "the kubeconfig (default: KUBECONFIG, else the pod's ServiceAccount)")
    .option(
      "--context <name>",
      "a context of the kubeconfig (default: the current one; with --local as for `taffrail ui`)",
    )
    .optionsGroup("For yourself:")
    .option("--local", "serve only whoever starts it, on this computer, and read with their kubeconfig")
    .option("--config-map <namespace/name>", "with --local: a ConfigMap of the cluster, instead of --config")
    .option("--yes", "with --local: confirm the ConfigMap's hosts without being asked")
    .option("--yes-secrets", "with --local: confirm what it sends there of this computer")
    .action((flags: ServeFlags) => (flags.local ? serveLocal(io, flags) : serve(io, flags)));
}

function serveLocal(io: CliIo, { listen = LOCAL_LISTEN, ...flags }: ServeFlags): Promise<void> {
  return serveUi(io, localTarget(flags, io), { listen: loopback(listen), browser: false });
}

async function serve({ env }: CliIo, flags: ServeFlags): Promise<void> {
  const clock = systemClock;
  const log = createLog(env.TAFFRAIL_LOG_LEVEL || "info");
  const compiled = configured(() => loadConfig({ file: flags.config, env, clock }));
  const { config, tls } = compiled;
  const { host, port } = hostAndPort(flags.listen ?? config.listen);
  if (config.sources.length === 0) log.warn("no sources are configured: no logs can be read");
  if (config.cursors.keys.length === 0) {
    log.warn("cursors are signed with a random key: set cursors.keys so that other replicas accept them");
  }
  const kube = createKubeApi(await kubeConnection(env, flags, log), {}, compiled.egress);
  const gateway = await startGateway({ compiled, kube, clock, log, host, port, tls, readsProviders: true });
  const { address, family } = gateway.address;
  const shown = family === "IPv6" ? `[${address}]` : address;
  for (const { name, oidc, kargo } of config.identity.providers) {
    const clientId = (oidc ?? kargo)?.clientId;
    const origin = config.publicUrl === undefined ? "https://HOST" : new URL(config.publicUrl).origin;
    const redirectUri = `${origin}${config.basePath}/session/callback`;
    if (clientId !== undefined) log.info({ provider: name, clientId, redirectUri }, "users can sign in on the page");
  }
  log.info({ address: `${tls ? "https" : "http"}://${shown}:${gateway.address.port}` }, "listening");
  await untilStopped(() => {
    log.info("stopping");
    return gateway.stop();
  });
  log.info("stopped");
}

async function kubeConnection(env: NodeJS.ProcessEnv, flags: ServeFlags, log: Logger): Promise<KubeConnection> {
  const named = flags.kubeconfig !== undefined || flags.context !== undefined || Boolean(env.KUBECONFIG);
  const inCluster = named ? undefined : inClusterConnection(env, systemClock);
  if (inCluster !== undefined) return inCluster;
  try {
    const connection = await kubeconfigConnection(flags.kubeconfig, flags.context, systemClock);
    // An unusable kubeconfig should fail now, not at the first call.
    await connection.credentials();
    log.debug({ server: connection.server }, "using a kubeconfig");
    return connection;
  } catch (error) {
    throw new CliError(EXIT.usage, `cannot connect to the cluster: ${(error as Error).message}`, [
      "try     --kubeconfig FILE, or KUBECONFIG; a pod uses its ServiceAccount",
      "        taffrail demo, which needs no cluster",
    ]);
  }
}

function configured<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(EXIT.usage, "invalid configuration", error.faults);
    throw error;
  }
}

function hostAndPort(text: string): { host: string | undefined; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new CliError(EXIT.usage, `"${text}" is not HOST:PORT`);
  return { host: match[1] ?? (match[2] || undefined), port };
}
