import { readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { createTaffrailClient, type TaffrailClient } from "../client/client.ts";
import { type Context, noContext, readContexts } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { serverAddress } from "./server-address.ts";
import { signInToken } from "./sign-in/sign-in-token.ts";
import { readSignIn } from "./sign-in/stored-sign-in.ts";

/** The flags for server, token and project. */
export interface ConnectionFlags {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly project?: string;
}

/** A server to call, and a project. */
export interface Connection {
  readonly client: TaffrailClient;
  /** The server's address, without a trailing slash. */
  readonly server: string;
  readonly project: string;
}

/** Adds the flags of {@link ConnectionFlags} to a command. */
export function withConnectionFlags(command: Command): Command {
  return command
    .option("-n, --namespace <project>", "the project, which is its runs' namespace")
    .option("-p, --project <project>", "the same as -n")
    .option("--server <url>", "the server (default: TAFFRAIL_SERVER, else the context's)")
    .option(
      "--token-file <file>",
      "a file with the token (default: TAFFRAIL_TOKEN, TAFFRAIL_TOKEN_FILE, else the context's)",
    )
    .option("--context <name>", "a context of the context file (default: TAFFRAIL_CONTEXT, else the current one)");
}

/** What connecting needs of a command. */
export type ConnectIo = Pick<CliIo, "env" | "say" | "signal" | "timer" | "now" | "ask">;

/**
 * Takes settings from the flags, then the environment, then the context file.
 *
 * @param options.renews whether a token that is about to expire is renewed. Default: yes.
 * @throws CliError with status 2 if one is missing or invalid; says how to set it.
 */
export function connect(
  flags: ConnectionFlags,
  io: ConnectIo,
  options: { readonly renews?: boolean } = {},
): Connection {
  const { env } = io;
  const { name, context } = contextOf(flags, env);
  const server = flags.server ?? (env.TAFFRAIL_SERVER || context?.server);
  if (server === undefined) {
    throw new CliError(EXIT.usage, "no server given", [
      "try     --server https://taffrail.example.com, or TAFFRAIL_SERVER",
    ]);
  }
  const project = flags.namespace ?? flags.project ?? (env.TAFFRAIL_PROJECT || context?.project);
  if (project === undefined) throw new CliError(EXIT.usage, "no project given", ["try     -n PROJECT"]);
  // A token is only for its own server: another server does not get the context's.
  const own = server === context?.server ? { name, context } : undefined;
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
  options: { readonly renews?: boolean } = {},
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
