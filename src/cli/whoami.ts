import { type Command, Option } from "commander";
import { createTaffrailClient } from "../client/client.ts";
import { printable } from "../quoted.ts";
import { type ConnectionFlags, contextOf, type TokenSource, tokenSource } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { serverAddress } from "./server-address.ts";
import { signedOut } from "./sign-in/sign-in-token.ts";
import { readSignIn, type StoredSignIn } from "./sign-in/stored-sign-in.ts";
import { expiryOf, readClaims } from "./sign-in/token-claims.ts";

interface WhoamiFlags extends Pick<ConnectionFlags, "server" | "tokenFile" | "context"> {
  readonly output: "text" | "json";
}

/** Adds `taffrail whoami`. */
export function addWhoamiCommand(program: Command, io: CliIo): void {
  program
    .command("whoami")
    .description("Print who you are for the server: by which identity, until when, and which projects you may read.")
    .option("--server <url>", "the server (default: TAFFRAIL_SERVER, else the context's)")
    .option("--token-file <file>", "a file with the token")
    .option("--context <name>", "a context of the context file (default: TAFFRAIL_CONTEXT, else the current one)")
    .addOption(new Option("-o, --output <format>", "output format").choices(["text", "json"]).default("text"))
    .action((flags: WhoamiFlags) => whoami(io, flags));
}

async function whoami(io: CliIo, flags: WhoamiFlags): Promise<void> {
  const { name, context } = contextOf(flags, io.env);
  const server = flags.server ?? (io.env.TAFFRAIL_SERVER || context?.server);
  if (server === undefined) {
    throw new CliError(EXIT.usage, "no server given", ["try     taffrail login https://taffrail.example.com"]);
  }
  const own = context !== undefined && server === context.server ? { name, context } : undefined;
  const source = tokenSource(flags, io, own);
  if (source === undefined) throw signedOut("you are not signed in");
  // Once, so that what is printed is what the server has seen.
  const token = typeof source.token === "string" ? source.token : await source.token();
  const baseUrl = serverAddress(server);
  const client = createTaffrailClient({ baseUrl, token });
  const { projects, incomplete } = await client.listProjects({}, { signal: io.signal });
  const signIn = source.kind === "sign-in" ? readSignIn(io, name) : undefined;
  const claims = readClaims(token);
  const expiry = expiryOf(token);
  const who = {
    user: claims?.email ?? claims?.preferred_username ?? claims?.sub ?? null,
    subject: claims?.sub ?? null,
    issuer: claims?.iss ?? null,
    identity: identityOf(source.kind, signIn),
    expires: expiry === undefined ? null : new Date(expiry).toISOString(),
    renewed: isRenewed(signIn),
    server: baseUrl,
    context: own === undefined ? null : name,
    projects: projects.map((project) => project.name),
    incomplete,
  };
  if (flags.output === "json") {
    io.printJson(who, 2);
    return;
  }
  const names = who.projects.map((project) => printable(project)).join(", ");
  io.print(
    `user      ${who.user ?? "unknown: the token does not say"}`,
    `identity  ${who.identity}${who.issuer === null ? "" : ` (${who.issuer})`}`,
    `until     ${who.expires ?? "unknown"}${who.renewed ? ", then renewed" : ""}`,
    `server    ${who.server}${who.context === null ? "" : ` (context "${who.context}")`}`,
    `projects  ${names || "none"}${incomplete ? ", and perhaps more" : ""}`,
  );
}

const SOURCES: Readonly<Record<TokenSource["kind"], string>> = {
  flag: "the token file",
  variable: "the environment's token",
  "sign-in": "",
  context: "the context's token",
};

function identityOf(kind: TokenSource["kind"], signIn: StoredSignIn | undefined): string {
  switch (signIn?.kind) {
    case undefined:
      return SOURCES[kind];
    case "oidc":
      return signIn.provider;
    case "token":
      return "a token";
    case "kargo":
      return "Kargo's command line";
    case "kubeconfig":
      return `the kubeconfig's context ${signIn.kubeContext}`;
  }
}

function isRenewed(signIn: StoredSignIn | undefined): boolean {
  return signIn?.kind === "kubeconfig" || (signIn?.kind === "oidc" && signIn.refreshToken !== undefined);
}
