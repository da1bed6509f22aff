import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { dirname } from "node:path";
import type { KubeConfig, User } from "@kubernetes/client-node";
import type { Clock } from "../clock.ts";
import { memoizeFor } from "../memoize-for.ts";
import { Secret } from "../secret.ts";
import type { KubeConnection, KubeTls } from "./connection.ts";
import { createExecPlugin, type PluginCredential } from "./exec-plugin.ts";
import { KubeconfigError } from "./kubeconfig-error.ts";
import { findUser, kubeconfigFiles } from "./kubeconfig-files.ts";

/** Credentials that expire are renewed by what issues them; this only saves work. */
const REUSE_MS = 10_000;

export interface KubeconfigOptions {
  /** Where KUBECONFIG and HOME are, and the environment of credential plugins. Default: that of the process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether a user can answer credential plugins on the terminal of this process. Default: no. */
  readonly terminal?: boolean;
}

/** A connection by a kubeconfig, with what else its context says. */
export interface KubeconfigConnection extends KubeConnection {
  readonly contextName: string;
  /** The namespace of the context, if it has one. */
  readonly namespace: string | undefined;
  /** The name of the context's user in the kubeconfig. */
  readonly userName: string;
}

/**
 * Connects as a kubeconfig says: certificates, tokens, token files, exec plugins and impersonation, as in kubectl.
 *
 * @param file the kubeconfig. Default: those in `KUBECONFIG`, or `~/.kube/config`.
 * @param context the context in it. Default: the current one.
 * @throws KubeconfigError if the file cannot be read, or has no such context; and by `credentials`.
 */
export async function kubeconfigConnection(
  file: string | undefined,
  context: string | undefined,
  clock: Clock,
  { env = process.env, terminal = false }: KubeconfigOptions = {},
): Promise<KubeconfigConnection> {
  const files = kubeconfigFiles(file, env);
  if (files.length === 0) {
    throw new KubeconfigError(
      "missing",
      "No kubeconfig was found.",
      env.KUBECONFIG
        ? "KUBECONFIG names no file that exists: name another, or use --kubeconfig FILE."
        : "Use --kubeconfig FILE, set KUBECONFIG, or create ~/.kube/config: `kubectl config view` shows what kubectl uses.",
    );
  }
  const config = await load(files);
  const known = config.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!known.includes(context)) {
      throw new KubeconfigError(
        "no-context",
        `The kubeconfig has no context "${context}". Its contexts: ${known.join(", ") || "none"}.`,
        "Choose one of them with --context.",
      );
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new KubeconfigError(
      "no-cluster",
      "The kubeconfig has no current cluster: choose a context with --context.",
      `Its contexts: ${known.join(", ") || "none"}.`,
    );
  }
  if (!/^https?:$/.test(URL.parse(cluster.server)?.protocol ?? "")) {
    throw new KubeconfigError(
      "invalid-server",
      "The server of the kubeconfig's cluster is not an http or https address.",
      "Correct it, or choose another context with --context.",
    );
  }
  if (cluster.server.startsWith("http:")) {
    // Without TLS there is nothing to verify, but the library requires the option.
    config.clusters = config.clusters.map((each) => (each === cluster ? { ...each, skipTLSVerify: true } : each));
  }
  const user = config.getCurrentUser();
  const own = user === null ? undefined : findUser(files, user.name);
  const exec = user?.exec as unknown;
  const plugin =
    exec == null
      ? undefined
      : createExecPlugin(exec, {
          folder: dirname(own?.file ?? "."),
          clock,
          env,
          terminal,
          cluster: {
            server: cluster.server,
            "tls-server-name": cluster.tlsServerName,
            "insecure-skip-tls-verify": cluster.skipTLSVerify,
            "certificate-authority-data": cluster.caData,
            "proxy-url": cluster.proxyUrl,
          },
        });
  if (user !== null && plugin !== undefined) config.users = config.users.map((each) => withoutExec(each, user));
  let read = (): ReturnType<KubeConnection["credentials"]> => Promise.reject(new Error("not yet"));
  const renew = (): void => {
    read = memoizeFor(REUSE_MS, clock, async () => {
      const credential = await plugin?.credential();
      const options: RequestOptions & { servername?: string } = {};
      await applyOptions(config, options);
      const headers: Record<string, string | readonly string[] | Secret> = { ...own?.impersonation };
      for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = new Secret(String(value));
      if (typeof options.auth === "string") {
        headers.Authorization = new Secret(`Basic ${Buffer.from(options.auth).toString("base64")}`);
      }
      if (own?.tokenFile !== undefined) headers.Authorization = await readTokenFile(own.tokenFile);
      if (credential?.token !== undefined) headers.Authorization = new Secret(`Bearer ${credential.token.reveal()}`);
      return { headers, tls: { ...tlsOf(options), ...certificateOf(credential) } };
    });
  };
  renew();
  return {
    server: cluster.server.replace(/\/+$/, ""),
    ...(cluster.proxyUrl == null ? {} : { proxyUrl: cluster.proxyUrl }),
    credentials: () => read(),
    renew() {
      plugin?.forget();
      renew();
    },
    contextName: config.getCurrentContext(),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace || undefined,
    userName: user?.name ?? "",
  };
}

/**
 * Merges the files as kubectl does: of several entries with one name, and of several current contexts, the first one
 * counts. The library refuses the former, and takes the last of the latter.
 */
async function load(files: readonly string[]): Promise<KubeConfig> {
  // Loading it takes most of a second and 85 MiB, so it is loaded only if there is a kubeconfig.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const all = new KubeConfig();
  all.loadFromOptions({ clusters: [], contexts: [], users: [], currentContext: "" });
  for (const file of files) {
    const each = new KubeConfig();
    try {
      each.loadFromFile(file);
    } catch (error) {
      throw new KubeconfigError(
        "unreadable",
        `The kubeconfig cannot be read: ${whyOf(error, file)}.`,
        "Correct the file, or name another with --kubeconfig.",
        error,
      );
    }
    all.clusters.push(...each.clusters.filter(({ name }) => all.getCluster(name) === null));
    all.contexts.push(...each.contexts.filter(({ name }) => all.getContextObject(name) === null));
    all.users.push(...each.users.filter(({ name }) => all.getUser(name) === null));
    if (!all.getCurrentContext() && each.getCurrentContext()) all.setCurrentContext(each.getCurrentContext());
  }
  return all;
}

/** The first line of an error's message: YAML parsers append an excerpt of the file. */
function whyOf(error: unknown, file: string): string {
  // The library reads properties of whatever the file contains.
  if (error instanceof TypeError) return `${file} is not a kubeconfig`;
  return (error as Error).message.split("\n", 1)[0] ?? "";
}

function withoutExec(each: User, user: User): User {
  if (each !== user) return each;
  const { exec: _, ...rest } = each;
  return rest;
}

async function applyOptions(config: KubeConfig, options: RequestOptions): Promise<void> {
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== undefined && path !== undefined) {
      throw new KubeconfigError(
        "file-missing",
        `The file ${path}, which the kubeconfig names, cannot be read (${code}).`,
        "Restore the file, or sign in to the cluster again, as for kubectl.",
        error,
      );
    }
    throw new KubeconfigError(
      "unreadable",
      "The kubeconfig's credentials cannot be used.",
      "Sign in to the cluster again, as for kubectl: `kubectl get pods` should work.",
      error,
    );
  }
}

async function readTokenFile(file: string): Promise<Secret> {
  try {
    return new Secret(`Bearer ${(await readFile(file, "utf8")).trim()}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KubeconfigError(
      "file-missing",
      `The token file ${file} of the kubeconfig cannot be read (${code}).`,
      "Restore the file, or sign in to the cluster again, as for kubectl.",
      error,
    );
  }
}

function certificateOf(credential: PluginCredential | undefined): KubeTls {
  const { cert, key } = credential ?? {};
  return { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
}

function tlsOf(options: RequestOptions & { servername?: string }): KubeTls {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = options as KubeTls & { key?: string | Buffer };
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: new Secret(key.toString()) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}
