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
import { withSignInLock } from "./sign-in/sign-in-token.ts";
import { type StoredSignIn, writeSignIn } from "./sign-in/stored-sign-in.ts";
import { contextFor } from "./target.ts";

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
 * @param kube as kubectl's plugin: the kubeconfig's context in use. A context that is for another one is left alone.
 * @throws CliError with status 2 if no server is given, or the named context has another one.
 */
export function loginTarget(
  given: string | undefined,
  flags: ContextFlags,
  env: NodeJS.ProcessEnv,
  kube: string | undefined,
): LoginTarget {
  const file = readContexts(env);
  const { current, contexts } = file;
  const named = flags.context ?? (env.TAFFRAIL_CONTEXT || undefined);
  const wanted = given ?? (named === undefined ? env.TAFFRAIL_SERVER || undefined : undefined);
  if (wanted === undefined) {
    const ofKube = named === undefined ? contextFor(file, kube) : undefined;
    const { name, context } = chosenContext(ofKube === undefined ? flags : { context: ofKube }, env);
    if (context?.server !== undefined && isFor(context, kube)) {
      return { name, server: serverAddress(context.server), kube };
    }
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
    return { name: named, server, kube };
  }
  const known = [current ?? "", ...Object.keys(contexts)].find((name) => isOf(name) && isFor(contexts[name], kube));
  return { name: known ?? newName(new URL(server).host, contexts), server, kube };
}

function isFor(context: { readonly kubeContext?: string | undefined } | undefined, kube: string | undefined): boolean {
  return kube === undefined || (context?.kubeContext ?? kube) === kube;
}

function newName(host: string, contexts: object): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? host : `${host}-${number}`;
    if (!Object.hasOwn(contexts, name)) return name;
  }
}

/**
 * Writes the sign-in and the context. Its earlier token is of no more use. It becomes the current one, unless it is for a
 * context of the kubeconfig.
 */
export async function keepSignIn(
  io: CliIo,
  { name, server, kube }: LoginTarget,
  { project }: ContextFlags,
  signIn: StoredSignIn,
): Promise<void> {
  await withSignInLock(name, io, async () => writeSignIn(io, name, signIn));
  const { token: _, tokenFile, ...known } = contextNamed(readContexts(io.env), name) ?? { server };
  if (tokenFile !== undefined) io.say(`note: the context "${name}" no longer uses the token file ${tokenFile}`);
  const more = { ...(project !== undefined && { project }), ...(kube !== undefined && { kubeContext: kube }) };
  await writeContext(io.env, name, { ...known, ...more });
  if (kube === undefined && readContexts(io.env).current !== name) {
    await chooseContext(io.env, name);
    io.say(`the current context is now "${name}", in ${contextFilePath(io.env)}`);
  }
}
