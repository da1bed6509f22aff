import { resolve } from "node:path";
import { Code } from "@connectrpc/connect";
import { type Command, InvalidArgumentError } from "commander";
import type { GetServerInfoResponse } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../client/client.ts";
import { describeError } from "../client/describe-error.ts";
import { printable, quoted } from "../quoted.ts";
import { isTlsCode, systemCode } from "../system-code.ts";
import { CliError, EXIT } from "./exit.ts";
import { GROUPS_OMITTED } from "./groups-omitted.ts";
import type { CliIo } from "./io.ts";
import { keepSignIn, loginTarget } from "./login-context.ts";
import { kargoConfigPath, readKargoToken } from "./sign-in/kargo-token.ts";
import type { ProviderRef } from "./sign-in/provider-client.ts";
import { isRenewed, type StoredSignIn } from "./sign-in/stored-sign-in.ts";
import { expiryOf, isExpired, userIn } from "./sign-in/token-claims.ts";
import { existingKubeContext } from "./target.ts";
import { checkToken } from "./token-source.ts";

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

/** As kubectl's plugin, the flags of kubectl mean what they mean to it. */
interface PluginLoginFlags extends Omit<LoginFlags, "kubeContext"> {
  readonly taffrailContext?: string;
}

/** What a sign-in keeps, without the server that it is for. */
type Kept = {
  [Kind in StoredSignIn["kind"]]: Omit<Extract<StoredSignIn, { kind: Kind }>, "server">;
}[StoredSignIn["kind"]];

const WAYS = ["device", "tokenStdin", "fromKargo", "fromKubeconfig"] as const;

/** Adds `taffrail login`. */
export function addLoginCommand(program: Command, io: CliIo): void {
  const command = program
    .command("login")
    .description("Sign in to a server, with your browser unless a flag says otherwise.")
    .argument("[server]", "the server (default: TAFFRAIL_SERVER, else the context's)");
  const ofContext = "the context to sign in to, new or not (default: that of the server)";
  if (io.isPlugin) {
    command
      .option("--context <name>", "the kubeconfig's context that the server is for (default: the current one)")
      .option("--kubeconfig <file>", "the kubeconfig (default: as kubectl)")
      .option("--taffrail-context <name>", ofContext);
  } else command.option("--context <name>", ofContext);
  command
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
    .option("--from-kubeconfig", "use the token of your kubeconfig's user");
  if (io.isPlugin) {
    command.action((server: string | undefined, { taffrailContext, context, ...flags }: PluginLoginFlags) => {
      const kube = existingKubeContext({ ...flags, ...(context !== undefined && { context }) }, io.env);
      const own = { ...flags, ...(taffrailContext !== undefined && { context: taffrailContext }) };
      return login(io, server, { ...own, ...(context !== undefined && { kubeContext: context }) }, kube);
    });
    return;
  }
  command
    .option("--kubeconfig <file>", "for --from-kubeconfig: the kubeconfig (default: as kubectl)")
    .option("--kube-context <name>", "for --from-kubeconfig: its context (default: the current one)")
    .action((server: string | undefined, flags: LoginFlags) => {
      if (!flags.fromKubeconfig && (flags.kubeconfig ?? flags.kubeContext) !== undefined) {
        throw new CliError(EXIT.usage, "--kubeconfig and --kube-context are only for --from-kubeconfig");
      }
      return login(io, server, flags);
    });
}

/** @param kube the kubeconfig's context for which kubectl's plugin reads from the server from now on. */
async function login(io: CliIo, server: string | undefined, flags: LoginFlags, kube?: string): Promise<void> {
  const chosen = WAYS.filter((way) => flags[way]);
  if (chosen.length > 1) throw new CliError(EXIT.usage, "choose one way to sign in", ["try     taffrail login --help"]);
  const target = loginTarget(server, flags, io.env, kube);
  const client = createTaffrailClient({ baseUrl: target.server });
  const info = await client.getServerInfo({}, { signal: io.signal }).catch((error: unknown) => {
    throw explainStranger(target.server, error);
  });
  const { kept, token } = await signIn(io, flags, info);
  // The server decides whether it is any good, before it replaces another.
  const caller = await createTaffrailClient({ baseUrl: target.server, token }).getCaller({}, { signal: io.signal });
  await keepSignIn(io, target, flags, { ...kept, server: target.server } as StoredSignIn);
  const until = expiryOf(token);
  // A token from stdin may be its user's name.
  const user = userIn(token) ?? (flags.tokenStdin ? undefined : caller.username);
  io.say(
    `signed in to ${target.server}${user === undefined ? "" : ` as ${printable(user)}`} by context "${target.name}"` +
      (isRenewed(kept) ? "" : until === undefined ? "" : ` until ${new Date(until).toISOString()}`),
  );
  if (caller.groupsOmitted) io.say(`note: ${GROUPS_OMITTED}, so you may not see what you may read by them`);
  if (io.env.TAFFRAIL_TOKEN || io.env.TAFFRAIL_TOKEN_FILE) {
    io.say("note: TAFFRAIL_TOKEN or TAFFRAIL_TOKEN_FILE is set, and takes precedence over the sign-in");
  }
}

/** Whoever answers without a reason is no such server; who does not answer may be. */
function explainStranger(server: string, error: unknown): unknown {
  const { reason, code, message } = describeError(error);
  if (reason !== "" || code === Code.Canceled) return error;
  if (code === Code.Unavailable) {
    const why = systemCode(error);
    const trust = isTlsCode(why) ? ", your network and NODE_EXTRA_CA_CERTS" : "";
    return new CliError(EXIT.incomplete, `${server} cannot be reached${why && ` (${why})`}`, [
      `try     again, and check the address${trust}`,
    ]);
  }
  if (!/^HTTP 40[45]$/.test(message)) return error;
  return new CliError(EXIT.other, `there is no Taffrail server at ${server} (${message})`, [
    "try     the address of Taffrail, without the path of a page",
  ]);
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
    // From wherever the next command is called.
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

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Use a port from 0 to 65535.");
}
