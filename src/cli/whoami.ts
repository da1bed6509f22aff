import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import {
  CallerRights,
  type GetCallerResponse,
  type ListProjectsResponse,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../client/client.ts";
import { describeError } from "../client/describe-error.ts";
import { printable } from "../quoted.ts";
import type { ConnectionFlags } from "./connection.ts";
import { chosenContext, isServerOf } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { serverAddress } from "./server-address.ts";
import { signedOut } from "./sign-in/sign-in-token.ts";
import { isRenewed, readSignIn, type StoredSignIn } from "./sign-in/stored-sign-in.ts";
import { expiryOf, readClaims, userIn } from "./sign-in/token-claims.ts";
import { type TokenSource, tokenSource } from "./token-source.ts";

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
  const { name, context } = chosenContext(flags, io.env);
  const server = flags.server ?? (io.env.TAFFRAIL_SERVER || context?.server);
  if (server === undefined) {
    throw new CliError(EXIT.usage, "no server given", ["try     taffrail login https://taffrail.example.com"]);
  }
  const own = isServerOf(context, server) ? { name, context } : undefined;
  const source = tokenSource(flags, io, own);
  if (source === undefined) throw signedOut("you are not signed in");
  // Once, so that what is printed is what the server has seen.
  const token = typeof source.token === "string" ? source.token : await source.token();
  const baseUrl = serverAddress(server);
  const client = createTaffrailClient({ baseUrl, token });
  const call = { signal: io.signal };
  const [caller, { projects, incomplete }] = await Promise.all([
    client.getCaller({}, call),
    client.listProjects({}, call).catch(noneWithoutGroups),
  ]);
  const signIn = source.kind === "sign-in" ? readSignIn(io, name) : undefined;
  const claims = readClaims(token);
  const expiry = caller.expireTime === undefined ? expiryOf(token) : timestampMs(caller.expireTime);
  const who = {
    user: userIn(token) ?? caller.username,
    username: caller.username,
    groups: caller.groups,
    groupsOmitted: caller.groupsOmitted,
    rights: RIGHTS[caller.rights],
    subject: claims?.sub ?? null,
    issuer: claims?.iss ?? null,
    identity: identityOf(source.kind, signIn),
    expires: expiry === undefined ? null : new Date(expiry).toISOString(),
    renewed: signIn !== undefined && isRenewed(signIn),
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
    `user      ${printable(who.user)}`,
    `identity  ${who.identity}${who.issuer === null ? "" : ` (${who.issuer})`}`,
    `rights    ${rightsOf(caller)}`,
    `until     ${who.expires ?? "unknown"}${who.renewed ? ", then renewed" : ""}`,
    `server    ${who.server}${who.context === null ? "" : ` (context "${who.context}")`}`,
    `projects  ${names || "none"}${incomplete ? ", and perhaps more" : ""}`,
  );
}

/** The server does not answer with an empty list if it does not know the groups. */
function noneWithoutGroups(error: unknown): Pick<ListProjectsResponse, "projects" | "incomplete"> {
  if (describeError(error).reason === "GROUPS_OMITTED") return { projects: [], incomplete: true };
  throw error;
}

const RIGHTS: Readonly<Record<CallerRights, string>> = {
  [CallerRights.UNSPECIFIED]: "unknown",
  [CallerRights.USER]: "user",
  [CallerRights.SERVICE_ACCOUNTS]: "service-accounts",
  [CallerRights.SERVER]: "server",
};

/** More groups are counted. */
const SHOWN_GROUPS = 20;

/** Whose rights a caller has, in words: what roles must be bound to. */
function rightsOf({ rights, username, groups, groupsOmitted }: GetCallerResponse): string {
  if (rights === CallerRights.SERVICE_ACCOUNTS)
    return `of the ServiceAccounts annotated with your claims${groupsOmitted ? OMITTED : ""}`;
  if (rights === CallerRights.SERVER) return "of the server's own account";
  const shown = groups.slice(0, SHOWN_GROUPS).map(printable).join(", ");
  const more = groups.length > SHOWN_GROUPS ? ` and ${groups.length - SHOWN_GROUPS} more` : "";
  const ofGroups = groups.length === 0 ? "" : `, and of the groups ${shown}${more}`;
  return `of the user ${printable(username)}${ofGroups}${groupsOmitted ? OMITTED : ""}`;
}

/** What a caller has to know whose rights by groups are not known. */
export const GROUPS_OMITTED = "your identity provider left your groups out of your token";
const OMITTED = `; ${GROUPS_OMITTED}`;

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
