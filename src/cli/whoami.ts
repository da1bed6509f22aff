import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import { CallerRights, type ListProjectsResponse } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../client/client.ts";
import { describeError } from "../client/describe-error.ts";
import { printable } from "../quoted.ts";
import { type ConnectionFlags, withConnectionFlags } from "./connection.ts";
import { GROUPS_OMITTED } from "./groups-omitted.ts";
import type { CliIo } from "./io.ts";
import { startLocalSession } from "./local-session.ts";
import { serverAddress } from "./server-address.ts";
import { signedOut } from "./sign-in/sign-in-token.ts";
import { isRenewed, readSignIn, type StoredSignIn } from "./sign-in/stored-sign-in.ts";
import { expiryOf, readClaims, userIn } from "./sign-in/token-claims.ts";
import { type LocalTarget, type ServerTarget, targetOf } from "./target.ts";
import { type TokenSource, tokenSource } from "./token-source.ts";

interface WhoamiFlags extends ConnectionFlags {
  readonly output: "text" | "json";
}

/** Adds `taffrail whoami`. */
export function addWhoamiCommand(program: Command, io: CliIo): void {
  withConnectionFlags(program.command("whoami"), io.isPlugin)
    .description("Print who you are: by which identity, until when, and which projects you may read.")
    .addOption(new Option("-o, --output <format>", "output format").choices(["text", "json"]).default("text"))
    .action((flags: WhoamiFlags) => whoami(io, flags));
}

async function whoami(io: CliIo, flags: WhoamiFlags): Promise<void> {
  const target = targetOf(flags, io.env, io.isPlugin ?? false);
  const who = target.kind === "local" ? await whoHere(io, target) : await whoAtServer(io, flags, target);
  if (flags.output === "json") {
    io.printJson(who, 2);
    return;
  }
  const names = who.projects.map((project) => printable(project)).join(", ");
  io.print(
    `user      ${printable(who.user)}`,
    `identity  ${who.identity}${who.issuer === null ? "" : ` (${who.issuer})`}`,
    `rights    ${rightsOf(who)}`,
    `until     ${who.expires ?? "unknown"}${who.renewed ? ", then renewed" : ""}`,
    `server    ${who.server ?? "none: the cluster is read directly"}${who.context === null ? "" : ` (context "${who.context}")`}`,
    `projects  ${names || "none"}${who.incomplete ? ", and perhaps more" : ""}`,
  );
}

/** What is printed, as it is in JSON. */
interface Who extends CallerInfo {
  /** As the token names them. */
  readonly user: string;
  readonly subject: string | null;
  readonly issuer: string | null;
  /** By what they are who they are, in words. */
  readonly identity: string;
  readonly expires: string | null;
  readonly renewed: boolean;
  /** `null`: the cluster is read directly. */
  readonly server: string | null;
  readonly context: string | null;
}

async function whoAtServer(io: CliIo, flags: WhoamiFlags, { server, own }: ServerTarget): Promise<Who> {
  const source = tokenSource(flags, io, own);
  if (source === undefined) throw signedOut(`you are not signed in to ${serverAddress(server)}`);
  // Once, so that what is printed is what the server has seen.
  const token = typeof source.token === "string" ? source.token : await source.token();
  const baseUrl = serverAddress(server);
  const known = await askWho(io, baseUrl, token);
  const signIn = source.kind === "sign-in" && own !== undefined ? readSignIn(io, own.name) : undefined;
  const claims = readClaims(token);
  const expiry = known.expiry ?? expiryOf(token);
  return {
    user: userIn(token) ?? known.who.username,
    ...known.who,
    subject: claims?.sub ?? null,
    issuer: claims?.iss ?? null,
    identity: identityOf(source.kind, signIn),
    expires: expiry === undefined ? null : new Date(expiry).toISOString(),
    renewed: signIn !== undefined && isRenewed(signIn),
    server: baseUrl,
    context: own?.name ?? null,
  };
}

/** Without a server: who Kubernetes says that the kubeconfig's user is. */
async function whoHere(io: CliIo, { settings, context }: LocalTarget): Promise<Who> {
  // Of no consequence here is where logs are kept.
  const unconfigured = { ...settings, config: undefined, configMap: undefined };
  const session = await startLocalSession(io, unconfigured, { port: 0 });
  try {
    const { who } = await askWho(io, session.url, session.token.reveal());
    return {
      user: who.username,
      ...who,
      subject: null,
      issuer: null,
      identity: `the kubeconfig's context ${session.contextName}`,
      expires: null,
      renewed: false,
      server: null,
      context: context ?? null,
    };
  } finally {
    await session.stop();
  }
}

/** What the server knows of its caller. */
interface CallerInfo {
  readonly username: string;
  readonly groups: readonly string[];
  readonly groupsOmitted: boolean;
  readonly rights: Rights;
  readonly projects: readonly string[];
  /** Whether there may be more projects. */
  readonly incomplete: boolean;
}

/** @returns it, and when the token expires, in milliseconds since 1970, if the server knows. */
async function askWho(
  { signal }: CliIo,
  baseUrl: string,
  token: string,
): Promise<{ readonly who: CallerInfo; readonly expiry: number | undefined }> {
  const client = createTaffrailClient({ baseUrl, token });
  const [caller, { projects, incomplete }] = await Promise.all([
    client.getCaller({}, { signal }),
    client.listProjects({}, { signal }).catch(noneWithoutGroups),
  ]);
  const { username, groups, groupsOmitted, rights, expireTime } = caller;
  return {
    expiry: expireTime && timestampMs(expireTime),
    who: {
      username,
      groups,
      groupsOmitted,
      // A newer server may tell something else.
      rights: RIGHTS[rights] ?? "unknown",
      projects: projects.map((project) => project.name),
      incomplete,
    },
  };
}

/** The server does not answer with an empty list if it does not know the groups. */
function noneWithoutGroups(error: unknown): Pick<ListProjectsResponse, "projects" | "incomplete"> {
  if (describeError(error).reason === "GROUPS_OMITTED") return { projects: [], incomplete: true };
  throw error;
}

type Rights = "unknown" | "user" | "service-accounts" | "server";

const RIGHTS: Readonly<Record<CallerRights, Rights>> = {
  [CallerRights.UNSPECIFIED]: "unknown",
  [CallerRights.USER]: "user",
  [CallerRights.SERVICE_ACCOUNTS]: "service-accounts",
  [CallerRights.SERVER]: "server",
};

/** More groups are counted. */
const SHOWN_GROUPS = 20;

/** Whose rights a caller has, in words: what roles must be bound to. */
function rightsOf({ rights, username, groups, groupsOmitted }: Who): string {
  if (rights === "service-accounts")
    return `of the ServiceAccounts annotated with your claims${groupsOmitted ? OMITTED : ""}`;
  if (rights === "server") return "of the server's own account";
  const shown = groups.slice(0, SHOWN_GROUPS).map(printable).join(", ");
  const more = groups.length > SHOWN_GROUPS ? ` and ${groups.length - SHOWN_GROUPS} more` : "";
  const ofGroups = groups.length === 0 ? "" : `, and of the groups ${shown}${more}`;
  return `of the user ${printable(username)}${ofGroups}${groupsOmitted ? OMITTED : ""}`;
}

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
