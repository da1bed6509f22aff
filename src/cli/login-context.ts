import { quoted } from "../quoted.ts";
import {
  bindKubeContext,
  type Context,
  chooseContext,
  contextFilePath,
  contextNamed,
  isServerOf,
  noContext,
  readContexts,
  writeContext,
} from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { shellWord } from "./resume-command.ts";
import { serverAddress } from "./server-address.ts";
import { withSignInLock } from "./sign-in/sign-in-token.ts";
import { justIssued, type StoredSignIn, writeSignIn } from "./sign-in/stored-sign-in.ts";
import { contextFor, isForKube } from "./target.ts";

/** A context to sign in to. */
export interface LoginTarget {
  readonly name: string;
  /** The server's address, without a trailing slash. */
  readonly server: string;
  /** The kubeconfig's context that it is for. */
  readonly kube: string | undefined;
}

/** The flags that choose it. */
interface ContextFlags {
  readonly context?: string;
  readonly project?: string;
}

/**
 * Which context to sign in to: one of the given server, else the one that commands use.
 *
 * @param kube as kubectl's plugin: the kubeconfig's context in use. Then the current context does not count, which may be
 * of another cluster, nor does one that is for another context of the kubeconfig.
 * @throws CliError with status 2 if no server is given, or the named context is for something else.
 */
export function loginTarget(
  given: string | undefined,
  flags: ContextFlags,
  env: NodeJS.ProcessEnv,
  kube: string | undefined,
): LoginTarget {
  const file = readContexts(env);
  const named = flags.context ?? (env.TAFFRAIL_CONTEXT || undefined);
  const wanted = given ?? (named === undefined ? env.TAFFRAIL_SERVER || undefined : undefined);
  const chosen = named ?? (kube === undefined ? file.current : contextFor(file, kube, "server")) ?? "";
  const context = contextNamed(file, chosen);
  if (named !== undefined && context !== undefined) checkIsFor(named, context, kube);
  if (wanted === undefined) {
    if (named !== undefined && context === undefined) throw noContext(named, file);
    if (context?.server !== undefined) return { name: chosen, server: serverAddress(context.server), kube };
    throw new CliError(EXIT.usage, "no server given", ["try     taffrail login https://taffrail.example.com"]);
  }
  const server = serverAddress(wanted);
  if (named !== undefined) {
    if (context === undefined || isServerOf(context, server)) return { name: named, server, kube };
    throw new CliError(EXIT.usage, `the context ${quoted(named)} has another server`, [
      `try     another context, or first: taffrail context set ${named} --server ${wanted}`,
    ]);
  }
  const known = [chosen, ...Object.keys(file.contexts)].find((name) => {
    const each = contextNamed(file, name);
    return isServerOf(each, server) && isForKube(each, kube);
  });
  return { name: known ?? newName(new URL(server).host, file.contexts), server, kube };
}

function checkIsFor(name: string, context: Context, kube: string | undefined): void {
  if (isForKube(context, kube)) return;
  const other = quoted(context.kubeContext ?? "");
  throw new CliError(EXIT.usage, `the context ${quoted(name)} is for the kubeconfig's context ${other}`, [
    `try     taffrail login --context ${shellWord(context.kubeContext ?? "")}, or another --taffrail-context`,
  ]);
}

function newName(host: string, contexts: object): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? host : `${host}-${number}`;
    if (!Object.hasOwn(contexts, name)) return name;
  }
}

/**
 * Writes the sign-in and the context, whose earlier token is of no more use. It becomes the current one or, as kubectl's
 * plugin, the one for the kubeconfig's context.
 */
export async function keepSignIn(
  io: CliIo,
  { name, server, kube }: LoginTarget,
  { project }: ContextFlags,
  signIn: StoredSignIn,
): Promise<void> {
  await withSignInLock(name, io, async () => writeSignIn(io.env, name, justIssued(signIn, io)));
  const next = ({ token: _, tokenFile, ...known }: Context = { server }): Context => {
    if (tokenFile !== undefined) io.say(`note: the context "${name}" no longer uses the token file ${tokenFile}`);
    return { ...known, ...(project !== undefined && { project }) };
  };
  await writeContext(io.env, name, next, kube === undefined);
  if (kube !== undefined) {
    await bindKubeContext(io.env, name, kube);
    io.say(`kubectl taffrail reads from it for the kubeconfig's context ${quoted(kube)}`);
  } else if (readContexts(io.env).current !== name) {
    await chooseContext(io.env, name);
    io.say(`the current context is now "${name}", in ${contextFilePath(io.env)}`);
  }
}
