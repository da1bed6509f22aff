import { readFileSync, statSync } from "node:fs";
import type { Context } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { serverAddress } from "./server-address.ts";
import { signInToken } from "./sign-in/sign-in-token.ts";
import { readSignIn } from "./sign-in/stored-sign-in.ts";

/** How to get a token. */
export interface TokenOptions {
  /** Whether a token that is about to expire is renewed. Default: yes. */
  readonly renews?: boolean;
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
  { tokenFile }: { readonly tokenFile?: string },
  io: Pick<CliIo, "env" | "say" | "signal" | "timer" | "now" | "ask">,
  own: { readonly name: string; readonly context: Context } | undefined,
  options: TokenOptions = {},
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
    return { kind: "sign-in", token: signInToken({ context: own.name, server: signIn.server }, io, options) };
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
