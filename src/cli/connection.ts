import { readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { createTaffrailClient, type TaffrailClient } from "../client/client.ts";
import { noContext, readContexts } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import { serverAddress } from "./server-address.ts";

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

/**
 * Takes settings from the flags, then the environment, then the context file.
 *
 * @throws CliError with status 2 if one is missing or invalid; says how to set it.
 */
export function connect(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Connection {
  const file = readContexts(env);
  const name = flags.context ?? (env.TAFFRAIL_CONTEXT || undefined);
  const wanted = name ?? file.current ?? "";
  const context = Object.hasOwn(file.contexts, wanted) ? file.contexts[wanted] : undefined;
  if (name !== undefined && context === undefined) throw noContext(name, file);
  const server = flags.server ?? (env.TAFFRAIL_SERVER || context?.server);
  if (server === undefined) {
    throw new CliError(EXIT.usage, "no server given", [
      "try     --server https://taffrail.example.com, or TAFFRAIL_SERVER",
    ]);
  }
  const project = flags.namespace ?? flags.project ?? (env.TAFFRAIL_PROJECT || context?.project);
  if (project === undefined) throw new CliError(EXIT.usage, "no project given", ["try     -n PROJECT"]);
  // A token is only for its own server: another server does not get the context's.
  const ownContext = server === context?.server ? context : undefined;
  const token = tokenOf(flags.tokenFile, env.TAFFRAIL_TOKEN, env.TAFFRAIL_TOKEN_FILE, ownContext);
  const baseUrl = serverAddress(server);
  return {
    project,
    server: baseUrl,
    client: createTaffrailClient({ baseUrl, ...(token !== undefined && { token }) }),
  };
}

function tokenOf(
  flag: string | undefined,
  variable: string | undefined,
  variableFile: string | undefined,
  context: { readonly token?: string | undefined; readonly tokenFile?: string | undefined } | undefined,
): string | (() => string) | undefined {
  if (flag !== undefined) return tokenIn(flag);
  if (variable) return checkToken(variable, "in TAFFRAIL_TOKEN");
  if (variableFile) return tokenIn(variableFile);
  if (context?.token !== undefined) return checkToken(context.token, "of the context");
  return context?.tokenFile === undefined ? undefined : tokenIn(context.tokenFile);
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
function checkToken(text: string, where: string): string {
  const token = text.trim();
  if (/^[!-~]+$/.test(token)) return token;
  const fault = token === "" ? "is empty" : "contains spaces or other characters that a header cannot hold";
  throw new CliError(EXIT.usage, `the token ${where} ${fault}`);
}
