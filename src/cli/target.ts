import { existsSync } from "node:fs";
import { kubeContextNames, kubeconfigFiles, peekContext } from "../kube/kubeconfig-files.ts";
import { quoted } from "../quoted.ts";
import type { ConnectionFlags } from "./connection.ts";
import { type Context, type ContextFile, contextNamed, isServerOf, noContext, readContexts } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import { DEFAULT_NAMESPACE, type LocalSettings } from "./local-session.ts";
import { signInPath } from "./sign-in/stored-sign-in.ts";

/** Where a command reads: from a server, or from the cluster itself. */
export type Target = ServerTarget | LocalTarget;

export interface ServerTarget {
  readonly kind: "server";
  /** As the user wrote it. */
  readonly server: string;
  /** The context whose server it is: no other server gets its token. */
  readonly own: { readonly name: string; readonly context: Context } | undefined;
  /** `undefined`: none is given. */
  readonly project: string | undefined;
}

export interface LocalTarget {
  readonly kind: "local";
  readonly settings: LocalSettings;
  /** The name of the context that says so; `undefined`: flags do. */
  readonly context: string | undefined;
  readonly project: string;
}

/**
 * The name of the kubeconfig context that kubectl would use.
 *
 * @throws CliError with status 2 if the kubeconfig has no current context, or not the one that is named.
 */
export function existingKubeContext(
  { kubeconfig, context }: Pick<ConnectionFlags, "kubeconfig" | "context">,
  env: NodeJS.ProcessEnv,
): string {
  const files = kubeconfigFiles(kubeconfig, env);
  const known = kubeContextNames(files);
  const { name } = peekContext(files, context);
  if (name !== undefined && known.includes(name)) return name;
  const what = name === undefined ? "current context" : `context ${quoted(name)}`;
  throw new CliError(EXIT.usage, `the kubeconfig has no ${what}`, [`known: ${known.join(", ") || "none"}`]);
}

/** The name of the first context for this kubeconfig context: one of a server, or a local one. */
export function contextFor(
  { contexts }: ContextFile,
  kubeContext: string | undefined,
  kind: "server" | "local",
): string | undefined {
  if (kubeContext === undefined) return undefined;
  return Object.entries(contexts).find(([, each]) => each.kubeContext === kubeContext && each[kind] !== undefined)?.[0];
}

/** Whether a context may be used with this kubeconfig context. `undefined`, where kubectl does not come into it: always. */
export function isForKube({ kubeContext }: Context, kube: string | undefined): boolean {
  return kube === undefined || (kubeContext ?? kube) === kube;
}

/**
 * Decides from the flags, then the environment, then the context file.
 *
 * As kubectl's plugin, `--context` and `--kubeconfig` are kubectl's, and the cluster is read directly unless a server is
 * named for it: by flag, by environment, or by a context with that `kubeContext`. So the plugin never reads from another
 * cluster than kubectl would.
 *
 * @throws CliError with status 2 if nothing says where to read, or two things do.
 */
export function targetOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv, isPlugin: boolean): Target {
  const file = readContexts(env);
  const wantsLocal = flags.local === true || flags.kubeconfig !== undefined;
  if (wantsLocal && flags.server !== undefined) {
    throw new CliError(EXIT.usage, "use either --server or --local");
  }
  const isKubeContext = isPlugin || wantsLocal;
  const given = isKubeContext ? flags.taffrailContext : flags.context;
  const named = given ?? (flags.local ? undefined : env.TAFFRAIL_CONTEXT || undefined);
  if (named !== undefined && contextNamed(file, named) === undefined) throw noContext(named, file);

  const kube = isKubeContext ? peekContext(kubeconfigFiles(flags.kubeconfig, env), flags.context) : undefined;
  /** A context for the cluster that kubectl would use. */
  const forKube = (): string | undefined =>
    (wantsLocal ? undefined : contextFor(file, kube?.name, "server")) ?? contextFor(file, kube?.name, "local");
  const current = env.TAFFRAIL_CONTEXT || file.current;
  /** Whoever has chosen a local context reads by it, unless a flag names another cluster. */
  const isLocal = current !== undefined && contextNamed(file, current)?.local === true;
  const isOther = isPlugin || (flags.context ?? flags.kubeconfig) !== undefined;
  const ofCluster = isLocal && !isOther ? current : forKube();
  const name = named ?? (isKubeContext ? ofCluster : file.current) ?? "";
  const context = contextNamed(file, name);

  const server = wantsLocal ? undefined : (flags.server ?? (env.TAFFRAIL_SERVER || context?.server));
  const wanted = flags.namespace ?? flags.project ?? (env.TAFFRAIL_PROJECT || undefined);
  if (server !== undefined) {
    const names = [name, ...Object.keys(file.contexts)];
    const own = ownContext(file, server, names, env, kube?.name);
    // As kubectl's plugin, a namespace is what it is to kubectl.
    const ofKube = kube && (kube.namespace ?? DEFAULT_NAMESPACE);
    return { kind: "server", server, own, project: wanted ?? own?.context.project ?? context?.project ?? ofKube };
  }
  const project = wanted ?? context?.project;
  if (!isKubeContext && context?.local === undefined) {
    throw new CliError(EXIT.usage, "no server given", [
      "try     taffrail login https://taffrail.example.com",
      "        --server https://taffrail.example.com, or TAFFRAIL_SERVER",
      "        --local, which reads with your kubeconfig and needs no server",
    ]);
  }
  const local = context?.local ? context : undefined;
  const kubeconfig = flags.kubeconfig ?? local?.kubeconfig;
  const kubeContext = (isKubeContext ? flags.context : undefined) ?? local?.kubeContext;
  const isGiven = flags.config !== undefined || flags.configMap !== undefined;
  if (flags.config !== undefined && flags.configMap !== undefined) {
    throw new CliError(EXIT.usage, "use either --config or --config-map");
  }
  const { namespace } = peekContext(kubeconfigFiles(kubeconfig, env), kubeContext);
  return {
    kind: "local",
    context: local && name,
    settings: {
      kubeconfig,
      kubeContext,
      config: isGiven ? flags.config : local?.config,
      configMap: isGiven ? flags.configMap : local?.configMap,
      yes: flags.yes ?? false,
      yesSecrets: flags.yesSecrets ?? false,
    },
    project: project ?? namespace ?? DEFAULT_NAMESPACE,
  };
}

/** The context of a server: the first of these by which somebody is signed in, else the first. */
function ownContext(
  file: ContextFile,
  server: string,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
  kube: string | undefined,
): ServerTarget["own"] {
  const all = names
    .map((name) => ({ name, context: contextNamed(file, name) }))
    .filter((each): each is NonNullable<ServerTarget["own"]> => isServerOf(each.context, server))
    .filter(({ context }) => isForKube(context, kube));
  const [first] = all;
  // The chosen one, whether or not somebody is signed in by it.
  if (first === undefined || first.name === names[0]) return first;
  const isSignedIn = ({ name, context }: NonNullable<ServerTarget["own"]>): boolean =>
    (context.token ?? context.tokenFile) !== undefined || existsSync(signInPath(env, name));
  return all.find(isSignedIn) ?? first;
}
