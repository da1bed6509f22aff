import { readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { createTaffrailClient, type TaffrailClient } from "../client/client.ts";
import { type Context, noContext, readContexts } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { startLocalSession } from "./local-session.ts";
import { serverAddress } from "./server-address.ts";
import { signInToken } from "./sign-in/sign-in-token.ts";
import { readSignIn } from "./sign-in/stored-sign-in.ts";
import { type LocalTarget, type ServerTarget, targetOf } from "./target.ts";

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
    .option("--kubeconfig <file>", "the kubeconfig (default: as kubectl); implies --local")
    .option("--config <file>", "where logs are kept: a configuration file (default: in pods only)")
    .option("--config-map <namespace/name>", "where logs are kept: a ConfigMap of the cluster, whose hosts you confirm")
    .option("--yes", "confirm the ConfigMap's hosts without being asked")
    .option("--yes-secrets", "confirm the files, variables and credentials of this computer that it sends there")
    .optionsGroup("Options:");
}

/** What connecting needs of a command. */
export type ConnectIo = Pick<CliIo, "env" | "say" | "signal" | "timer" | "now" | "ask">;

/** How to connect. */
export interface ConnectOptions {
  /** Whether a token that is about to expire is renewed. Default: yes. */
  readonly renews?: boolean;
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
  options: ConnectOptions = {},
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
  io: ConnectIo,
  options: ConnectOptions,
): Connection {
  if (project === undefined) throw new CliError(EXIT.usage, "no project given", ["try     -n PROJECT"]);
  const baseUrl = serverAddress(server);
  const token = tokenSource(flags, io, own, options)?.token;
  return {
    project,
    server: baseUrl,
    client: createTaffrailClient({ baseUrl, ...(token !== undefined && { token }) }),
  };
}

/**
 * The context that the flags or the environment name, else the current one.
 *
 * @throws CliError with status 2 if there is no context of the name.
 */
export function contextOf(
  flags: Pick<ConnectionFlags, "context">,
  env: NodeJS.ProcessEnv,
): { readonly name: string; readonly context: Context | undefined } {
  const file = readContexts(env);
  const named = flags.context ?? (env.TAFFRAIL_CONTEXT || undefined);
  const name = named ?? file.current ?? "";
  const context = Object.hasOwn(file.contexts, name) ? file.contexts[name] : undefined;
  if (named !== undefined && context === undefined) throw noContext(named, file);
  return { name, context };
}

/** Where a token comes from, and the token, or how to get it for each call. */
export interface TokenSource {
  readonly kind: "flag" | "variable" | "sign-in" | "context";
  readonly token: string | (() => string | Promise<string>);
}

/**
 * Finds the token: that of the flag, the environment, the context's sign-in, or the context itself.
 *
 * @param own the context whose server is called.
 */
export function tokenSource(
  { tokenFile }: Pick<ConnectionFlags, "tokenFile">,
  io: ConnectIo,
  own: { readonly name: string; readonly context: Context } | undefined,
  options: ConnectOptions = {},
): TokenSource | undefined {
  const { TAFFRAIL_TOKEN: variable, TAFFRAIL_TOKEN_FILE: variableFile } = io.env;
  if (tokenFile !== undefined) return { kind: "flag", token: tokenIn(tokenFile) };
  if (variable) return { kind: "variable", token: checkToken(variable, "in TAFFRAIL_TOKEN") };
  if (variableFile) return { kind: "variable", token: tokenIn(variableFile) };
  if (own === undefined) return undefined;
  const { server, token, tokenFile: file } = own.context;
  // The context may have another server by now.
  const signIn = readSignIn(io, own.name);
  if (signIn !== undefined && server !== undefined && signIn.server === serverAddress(server)) {
    return { kind: "sign-in", token: signInToken(own.name, io, options) };
  }
  if (token !== undefined) return { kind: "context", token: checkToken(token, "of the context") };
  return file === undefined ? undefined : { kind: "context", token: tokenIn(file) };
}

/**
 * Reads the file for each call, since a kubelet or a sign-in helper replaces the token before it expires. A pipe is
 * read once.
 */
function tokenIn(file: string): string | (() => string) {
  let token = readToken(file);
  if (!statSync(file).isFile()) return token;
  return () => {
    try {
      token = readToken(file);
    } catch {
      // It is being replaced: the server decides whether the old token is still valid.
    }
    return token;
  };
}

function readToken(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.usage, `cannot read the token file ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
  return checkToken(text, `in the file ${file}`);
}

/** Refuses here what no header can hold: a later error would show the token. */
export function checkToken(text: string, where: string): string {
  const token = text.trim();
  if (/^[!-~]+$/.test(token)) return token;
  const fault = token === "" ? "is empty" : "contains spaces or other characters that a header cannot hold";
  throw new CliError(EXIT.usage, `the token ${where} ${fault}`);
}
