import type { Command } from "commander";
import { createTaffrailClient, type TaffrailClient } from "../client/client.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { startLocalSession } from "./local-session.ts";
import { serverAddress } from "./server-address.ts";
import { type LocalTarget, type ServerTarget, targetOf } from "./target.ts";
import { type TokenOptions, tokenSource } from "./token-source.ts";

/** The flags that say where to read without a server. */
export interface LocalFlags {
  readonly local?: boolean;
  readonly kubeconfig?: string;
  readonly config?: string;
  readonly configMap?: string;
  readonly yes?: boolean;
  readonly yesSecrets?: boolean;
}

/** The flags for server, token and project. */
export interface ConnectionFlags extends LocalFlags {
  readonly server?: string;
  readonly tokenFile?: string;
  /** As kubectl's plugin, and without a server, it is the kubeconfig's; else a context of the context file. */
  readonly context?: string;
  /** A context of the context file. Only as kubectl's plugin. */
  readonly taffrailContext?: string;
  readonly namespace?: string;
  readonly project?: string;
}

/** A server to call, and a project. */
export interface Connection {
  readonly client: TaffrailClient;
  /** The server's address, without a trailing slash. Absent without a server: there is no page to link to. */
  readonly server: string | undefined;
  readonly project: string;
}

/**
 * Adds the flags of {@link ConnectionFlags} to a command.
 *
 * @param isPlugin whether the program runs as kubectl's plugin, whose flags mean what kubectl's do.
 */
export function withConnectionFlags(command: Command, isPlugin = false): Command {
  command
    .option("-n, --namespace <project>", "the project, which is its runs' namespace")
    .option("-p, --project <project>", "the same as -n")
    .option("--server <url>", "the server (default: TAFFRAIL_SERVER, else the context's)")
    .option(
      "--token-file <file>",
      "a file with the token (default: TAFFRAIL_TOKEN, TAFFRAIL_TOKEN_FILE, else the context's)",
    );
  if (isPlugin) {
    command
      .option("--context <name>", "the kubeconfig's context (default: the current one)")
      .option("--taffrail-context <name>", "a context of Taffrail's own file (default: TAFFRAIL_CONTEXT)");
  } else {
    command.option(
      "--context <name>",
      "a context of the context file (default: TAFFRAIL_CONTEXT, else the current one); with --local one of the kubeconfig",
    );
  }
  return withLocalFlags(command);
}

/** Adds the flags of {@link LocalFlags} to a command. */
export function withLocalFlags(command: Command): Command {
  return command
    .optionsGroup("Without a server:")
    .option("--local", "read with your kubeconfig: nothing has to be installed in the cluster")
    .option(
      "--kubeconfig <file>",
      "the kubeconfig (default: as the current context says, if it is a local one; else as kubectl); implies --local",
    )
    .option("--config <file>", "where logs are kept: a configuration file (default: in pods only)")
    .option("--config-map <namespace/name>", "where logs are kept: a ConfigMap of the cluster, whose hosts you confirm")
    .option("--yes", "confirm the ConfigMap's hosts without being asked")
    .option("--yes-secrets", "confirm the files, variables and credentials of this computer that it sends there")
    .optionsGroup("Options:");
}

/**
 * Connects to the server, or starts one in this process that reads with the user's kubeconfig, and ends it when the work
 * is done.
 *
 * @throws CliError with status 2 if a setting is missing or invalid, which says how to set it; what the work throws.
 */
export async function withConnection<T>(
  flags: ConnectionFlags,
  io: CliIo,
  work: (connection: Connection) => Promise<T>,
  options: TokenOptions = {},
): Promise<T> {
  const target = targetOf(flags, io.env, io.isPlugin ?? false);
  if (target.kind === "server") return work(connectToServer(target, flags, io, options));
  return withLocalConnection(target, io, work);
}

async function withLocalConnection<T>(
  { settings, project }: LocalTarget,
  io: CliIo,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  // Only whoever has the token of this process gets an answer on the port.
  const session = await startLocalSession(io, settings, { port: 0 });
  try {
    const client = createTaffrailClient({ baseUrl: session.url, token: session.token.reveal() });
    return await work({ client, server: undefined, project });
  } finally {
    await session.stop();
  }
}

function connectToServer(
  { server, own, project }: ServerTarget,
  flags: ConnectionFlags,
  io: CliIo,
  options: TokenOptions,
): Connection {
  if (project === undefined)
    throw new CliError(EXIT.usage, "no project given", [
      "try     -n PROJECT; taffrail whoami lists those that you may read",
    ]);
  const baseUrl = serverAddress(server);
  const token = tokenSource(flags, io, own, options)?.token;
  return {
    project,
    server: baseUrl,
    client: createTaffrailClient({ baseUrl, ...(token !== undefined && { token }) }),
  };
}
