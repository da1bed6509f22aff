import { kubeconfigFiles, peekContext } from "../kube/kubeconfig-files.ts";
import type { ConnectionFlags } from "./connection.ts";
import { type Context, contextNamed, isServerOf, noContext, readContexts } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import { DEFAULT_NAMESPACE, type LocalSettings } from "./local-session.ts";

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
  readonly project: string;
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

  /** A context for the cluster that kubectl would use. */
  const forKube = (): string | undefined => {
    const kube = peekContext(kubeconfigFiles(flags.kubeconfig, env), flags.context).name;
    if (kube === undefined) return undefined;
    const isWanted = ({ kubeContext, local }: Context) => kubeContext === kube && (!wantsLocal || local === true);
    return Object.entries(file.contexts).find(([, each]) => isWanted(each))?.[0];
  };
  const name = named ?? (isKubeContext ? forKube() : file.current) ?? "";
  const context = contextNamed(file, name);

  const server = wantsLocal ? undefined : (flags.server ?? (env.TAFFRAIL_SERVER || context?.server));
  const project = flags.namespace ?? flags.project ?? (env.TAFFRAIL_PROJECT || context?.project);
  if (server !== undefined) {
    const own = isServerOf(context, server) ? { name, context } : undefined;
    return { kind: "server", server, own, project };
  }
  if (!isKubeContext && context?.local === undefined) {
    throw new CliError(EXIT.usage, "no server given", [
      "try     --server https://taffrail.example.com, or TAFFRAIL_SERVER",
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
