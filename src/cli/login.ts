import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { GetServerInfoResponse } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../client/client.ts";
import { quoted } from "../quoted.ts";
import {
  chooseContext,
  chosenContext,
  contextFilePath,
  contextNamed,
  isServerOf,
  readContexts,
  writeContext,
} from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { serverAddress } from "./server-address.ts";
import { kargoConfigPath, readKargoToken } from "./sign-in/kargo-token.ts";
import type { ProviderRef } from "./sign-in/provider-client.ts";
import { withSignInLock } from "./sign-in/sign-in-token.ts";
import { isRenewed, type StoredSignIn, writeSignIn } from "./sign-in/stored-sign-in.ts";
import { expiryOf, isExpired, userIn } from "./sign-in/token-claims.ts";
import { checkToken } from "./token-source.ts";
import { GROUPS_OMITTED } from "./whoami.ts";

interface LoginFlags {
  readonly context?: string;
  readonly project?: string;
  readonly provider?: string;
  readonly port: number;
  readonly device?: boolean;
  readonly tokenStdin?: boolean;
  readonly fromKargo?: boolean;
  readonly fromKubeconfig?: boolean;
  readonly kubeconfig?: string;
  readonly kubeContext?: string;
}

/** What a sign-in keeps, without the server that it is for. */
type Kept = {
  [Kind in StoredSignIn["kind"]]: Omit<Extract<StoredSignIn, { kind: Kind }>, "server">;
}[StoredSignIn["kind"]];

/** A context to sign in to. */
interface LoginTarget {
  readonly name: string;
  /** The server's address, without a trailing slash. */
  readonly server: string;
}

const WAYS = ["device", "tokenStdin", "fromKargo", "fromKubeconfig"] as const;

/** Adds `taffrail login`. */
export function addLoginCommand(program: Command, io: CliIo): void {
  program
    .command("login")
    .description("Sign in to a server, with your browser unless a flag says otherwise.")
    .argument("[server]", "the server (default: TAFFRAIL_SERVER, else the context's)")
    .option("--context <name>", "the context to sign in to, new or not (default: that of the server)")
    .option("-p, --project <project>", "the context's project")
    .option("--provider <name>", "the identity provider, if the server has several")
    .option(
      "--port <port>",
      "the port of this computer that the browser returns to (default: a free one)",
      parsePort,
      0,
    )
    .optionsGroup("Other ways:")
    .option("--device", "sign in with a browser of any device, by a code")
    .option("--token-stdin", "read a token from stdin")
    .option("--from-kargo", "use the sign-in of Kargo's command line")
    .option("--from-kubeconfig", "use the token of your kubeconfig's user")
    .option("--kubeconfig <file>", "for --from-kubeconfig: the kubeconfig (default: as kubectl)")
    .addOption(new Option("--kube-context <name>", "for --from-kubeconfig: its context (default: the current one)"))
    .action((server: string | undefined, flags: LoginFlags) => login(io, server, flags));
}

async function login(io: CliIo, server: string | undefined, flags: LoginFlags): Promise<void> {
  const chosen = WAYS.filter((way) => flags[way]);
  if (chosen.length > 1) throw new CliError(EXIT.usage, "choose one way to sign in", ["try     taffrail login --help"]);
  if (!flags.fromKubeconfig && (flags.kubeconfig ?? flags.kubeContext) !== undefined) {
    throw new CliError(EXIT.usage, "--kubeconfig and --kube-context are only for --from-kubeconfig");
  }
  const target = targetOf(server, flags, io.env);
  const client = createTaffrailClient({ baseUrl: target.server });
  const info = await client.getServerInfo({}, { signal: io.signal });
  const { kept, token } = await signIn(io, flags, info);
  // The server decides whether it is any good, before it replaces another.
  const caller = await createTaffrailClient({ baseUrl: target.server, token }).getCaller({}, { signal: io.signal });
  await keep(io, target, flags, { ...kept, server: target.server } as StoredSignIn);
  const until = expiryOf(token);
  const user = userIn(token);
  io.say(
    `signed in to ${target.server}${user === undefined ? "" : ` as ${user}`} by context "${target.name}"` +
      (isRenewed(kept) ? "" : until === undefined ? "" : ` until ${new Date(until).toISOString()}`),
  );
  if (caller.groupsOmitted) io.say(`note: ${GROUPS_OMITTED}, so you may not see what you may read by them`);
  if (io.env.TAFFRAIL_TOKEN || io.env.TAFFRAIL_TOKEN_FILE) {
    io.say("note: TAFFRAIL_TOKEN or TAFFRAIL_TOKEN_FILE is set, and takes precedence over the sign-in");
  }
}

async function signIn(
  io: CliIo,
  flags: LoginFlags,
  info: GetServerInfoResponse,
): Promise<{ readonly kept: Kept; readonly token: string }> {
  const now = (io.now ?? Date.now)();
  if (flags.tokenStdin) {
    const token = await readToken(io);
    if (isExpired(token, now)) throw new CliError(EXIT.denied, "the token has expired", ["try     a new one"]);
    return { kept: { kind: "token", token }, token };
  }
  if (flags.fromKargo) {
    const file = kargoConfigPath(io.env);
    return { kept: { kind: "kargo", file }, token: readKargoToken(file, now) };
  }
  if (flags.fromKubeconfig) {
    const { kubeToken } = await import("./sign-in/kube-token.ts");
    // The sign-in is good in every folder.
    const kubeconfig = flags.kubeconfig === undefined ? undefined : resolve(flags.kubeconfig);
    const audiences = info.tokenAudiences;
    const got = await kubeToken({ kubeconfig, kubeContext: flags.kubeContext }, audiences, io);
    if (got.note !== undefined) io.say(`note: ${got.note}`);
    const kept: Kept = {
      kind: "kubeconfig",
      ...(kubeconfig !== undefined && { kubeconfig }),
      kubeContext: got.kubeContext,
      audiences,
      ...(got.isIssued && { issued: got.token }),
    };
    return { kept, token: got.token };
  }
  const provider = chooseProvider(info.identityProviders, flags.provider);
  const { idToken, refreshToken } = flags.device
    ? await (await import("./sign-in/device-flow.ts")).signInByDevice(provider, io)
    : await (await import("./sign-in/code-flow.ts")).signInByCode(provider, io, flags.port);
  const { name, issuer, cliClientId: clientId } = provider;
  const kept: Kept = { kind: "oidc", provider: name, issuer, clientId, idToken, ...(refreshToken && { refreshToken }) };
  return { kept, token: idToken };
}

function chooseProvider(providers: readonly ProviderRef[], wanted: string | undefined): ProviderRef {
  const names = providers.map(({ name }) => quoted(name)).join(", ");
  if (wanted !== undefined) {
    const found = providers.find(({ name }) => name === wanted);
    if (found !== undefined) return found;
    throw new CliError(EXIT.usage, `the server has no identity provider ${quoted(wanted)}`, [
      `known: ${names || "none"}`,
    ]);
  }
  const [only, ...others] = providers;
  if (only === undefined) {
    throw new CliError(
      EXIT.usage,
      "the server has no identity provider to sign in with, and takes the cluster's tokens",
      [
        "try     taffrail login --from-kubeconfig",
        "        kubectl create token ACCOUNT | taffrail login --token-stdin",
      ],
    );
  }
  if (others.length === 0) return only;
  throw new CliError(EXIT.usage, "the server has several identity providers", [
    `known: ${names}`,
    `try     taffrail login --provider ${only.name}`,
  ]);
}

async function readToken({ readInput, ask, say }: CliIo): Promise<string> {
  if (ask !== undefined) say("Paste the token, press Enter, then Ctrl-D:");
  return checkToken((await readInput?.()) ?? "", "on stdin");
}

/** Which context to sign in to: of the given server, else the one that commands use. */
function targetOf(given: string | undefined, flags: LoginFlags, env: NodeJS.ProcessEnv): LoginTarget {
  const file = readContexts(env);
  const { current, contexts } = file;
  const named = flags.context ?? (env.TAFFRAIL_CONTEXT || undefined);
  const wanted = given ?? (named === undefined ? env.TAFFRAIL_SERVER || undefined : undefined);
  if (wanted === undefined) {
    const { name, context } = chosenContext(flags, env);
    if (context?.server !== undefined) return { name, server: serverAddress(context.server) };
    throw new CliError(EXIT.usage, "no server given", ["try     taffrail login https://taffrail.example.com"]);
  }
  const server = serverAddress(wanted);
  const isOf = (name: string): boolean => isServerOf(contextNamed(file, name), server);
  if (named !== undefined) {
    if (contextNamed(file, named) !== undefined && !isOf(named)) {
      throw new CliError(EXIT.usage, `the context ${quoted(named)} has another server`, [
        `try     another --context, or first: taffrail context set ${named} --server ${wanted}`,
      ]);
    }
    return { name: named, server };
  }
  const known = [current ?? "", ...Object.keys(contexts)].find(isOf);
  return { name: known ?? newName(new URL(server).host, contexts), server };
}

function newName(host: string, contexts: object): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? host : `${host}-${number}`;
    if (!Object.hasOwn(contexts, name)) return name;
  }
}

/** Writes the sign-in, and the context, which becomes the current one. Its earlier token is of no more use. */
async function keep(io: CliIo, { name, server }: LoginTarget, flags: LoginFlags, signIn: StoredSignIn): Promise<void> {
  await withSignInLock(name, io, async () => writeSignIn(io.env, name, signIn));
  const { token: _, tokenFile, ...known } = contextNamed(readContexts(io.env), name) ?? { server };
  if (tokenFile !== undefined) io.say(`note: the context "${name}" no longer uses the token file ${tokenFile}`);
  const { project } = flags;
  writeContext(io.env, name, { ...known, ...(project !== undefined && { project }) });
  if (readContexts(io.env).current !== name) {
    chooseContext(io.env, name);
    io.say(`the current context is now "${name}", in ${contextFilePath(io.env)}`);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Use a port from 0 to 65535.");
}
