import { systemClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { KubeconfigError } from "../kube/kubeconfig-error.ts";
import { createUserKube, type LocalGateway, startLocalGateway } from "../local/local-gateway.ts";
import { whoAmI } from "../local/who-am-i.ts";
import type { PageOptions } from "../server/page.ts";
import { createLog } from "../telemetry/log.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { type KubeUser, kubeConnection } from "./kube-connection.ts";
import { loadLocalConfig } from "./local-config.ts";
import { localKey } from "./local-key.ts";

/** How to read without a server. */
export interface LocalSettings extends KubeUser {
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
    const connection = await kubeConnection(settings, io);
    // A plugin may ask the user, for as long as that takes.
    await connection.credentials();
    const kube = createUserKube(connection);
    const opened = async (): Promise<LocalSession> => {
      const user = await whoAmI(kube, connection.userName);
      const { config, configMap, yes, yesSecrets } = settings;
      const { server: cluster } = connection;
      const compiled = await loadLocalConfig(io, { config, configMap, kube, cluster, clock, yes, yesSecrets });
      const gateway = await startLocalGateway({
        compiled,
        kube,
        user,
        namespace: connection.namespace ?? DEFAULT_NAMESPACE,
        cursorKey: localKey(io.env),
        clock,
        // Only the log goes to stdout.
        log: createLog(io.env.TAFFRAIL_LOG_LEVEL || "silent", { write: (line) => io.say(line.trimEnd()) }),
        ...(host !== undefined && { host }),
        port,
        ...(page !== undefined && { page }),
      });
      return { ...gateway, username: user.username, contextName: connection.contextName };
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
