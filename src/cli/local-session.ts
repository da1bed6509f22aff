import { systemClock } from "../clock.ts";
import { readProxies } from "../egress/proxies.ts";
import { Failure } from "../failure.ts";
import { type KubeconfigConnection, kubeconfigConnection } from "../kube/kubeconfig.ts";
import { KubeconfigError } from "../kube/kubeconfig-error.ts";
import { createUserKube, type LocalGateway, startLocalGateway, whoAmI } from "../local/local-gateway.ts";
import type { PageOptions } from "../server/page.ts";
import { createLog } from "../telemetry/log.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { loadLocalConfig } from "./local-config.ts";
import { localKey } from "./local-key.ts";

/** How to read without a server. */
export interface LocalSettings {
  /** Default: as kubectl. */
  readonly kubeconfig: string | undefined;
  /** The kubeconfig's context. Default: the current one. */
  readonly kubeContext: string | undefined;
  readonly config: string | undefined;
  readonly configMap: string | undefined;
  readonly yes: boolean;
  readonly yesSecrets: boolean;
}

export interface LocalListen {
  readonly host?: string;
  readonly port: number;
  readonly page?: Omit<PageOptions, "base"> & { readonly opens: () => string };
}

/** A gateway in this process, for its user only. */
export interface LocalSession extends LocalGateway {
  /** The name that the cluster knows the user by. */
  readonly username: string;
  readonly contextName: string;
}

/** kubectl's own default. */
export const DEFAULT_NAMESPACE = "default";

/**
 * Starts a gateway in this process that reads with the user's kubeconfig.
 *
 * @throws CliError that says what is wrong with the kubeconfig, the cluster or the configuration, and what to do.
 */
export async function startLocalSession(
  io: CliIo,
  settings: LocalSettings,
  { host, port, page }: LocalListen,
): Promise<LocalSession> {
  const clock = systemClock;
  try {
    const connection = await connectionOf(io, settings);
    // A plugin may ask the user, for as long as that takes.
    await connection.credentials();
    const kube = createUserKube(connection);
    const opened = async (): Promise<LocalSession> => {
      const username = await whoAmI(kube, connection.userName);
      const { config, configMap, yes, yesSecrets } = settings;
      const { server: cluster } = connection;
      const compiled = await loadLocalConfig(io, { config, configMap, kube, cluster, clock, yes, yesSecrets });
      const gateway = await startLocalGateway({
        compiled,
        kube,
        username,
        namespace: connection.namespace ?? DEFAULT_NAMESPACE,
        cursorKey: localKey(io.env),
        clock,
        // Only the log goes to stdout.
        log: createLog(io.env.TAFFRAIL_LOG_LEVEL || "silent", { write: (line) => io.say(line.trimEnd()) }),
        ...(host !== undefined && { host }),
        port,
        ...(page !== undefined && { page }),
      });
      return { ...gateway, username, contextName: connection.contextName };
    };
    return await opened().catch(async (error: unknown) => {
      await kube.close();
      throw error;
    });
  } catch (error) {
    // A plugin that the user interrupts fails too.
    throw io.signal.aborted ? error : explain(error);
  }
}

async function connectionOf(io: CliIo, { kubeconfig, kubeContext }: LocalSettings): Promise<KubeconfigConnection> {
  const connection = await kubeconfigConnection(kubeconfig, kubeContext, systemClock, {
    env: io.env,
    terminal: io.ask !== undefined,
  });
  const proxyUrl = connection.proxyUrl ?? proxyFor(connection.server, io.env);
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

/** What the user reads when the local gateway cannot start. */
function explain(error: unknown): unknown {
  if (error instanceof KubeconfigError) {
    const code = error.fault === "plugin-failed" ? EXIT.denied : EXIT.usage;
    return new CliError(code, lowered(error.message), tries(error.next));
  }
  if (error instanceof Failure) {
    const { message, reason, next = "" } = error;
    const code = EXITS[reason] ?? (error.kind === "unavailable" ? EXIT.incomplete : EXIT.other);
    return new CliError(code, `${lowered(message)} (${reason})`, tries(next));
  }
  return error;
}

const EXITS: Readonly<Record<string, number>> = {
  ACCESS_DENIED: EXIT.denied,
  KUBECONFIG_REFUSED: EXIT.denied,
  KUBERNETES_UNTRUSTED: EXIT.incomplete,
};

function lowered(sentence: string): string {
  return sentence.replace(/^The /, "the ").replace(/\.$/, "");
}

function tries(next: string): readonly string[] {
  return next.split("\n").map((line, index) => (index === 0 ? `try     ${line}` : `        ${line}`));
}
