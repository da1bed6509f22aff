import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Document, isMap, parseDocument, type YAMLMap } from "yaml";
import * as z from "zod";
import { systemTimer } from "../client/sleep.ts";
import { CliError, EXIT } from "./exit.ts";
import { LockTimeoutError, withFileLock } from "./file-lock.ts";
import { fileBehind, writePrivateFile } from "./private-file.ts";
import { serverAddress } from "./server-address.ts";

/** A named server, and how to sign in there; or this computer, which reads with a kubeconfig. */
const Context = z
  .strictObject({
    server: z.string().optional(),
    token: z.string().optional(),
    tokenFile: z.string().optional(),
    /** Without a server: the kubeconfig of this computer is used, and nothing has to be installed in the cluster. */
    local: z.literal(true).optional(),
    kubeconfig: z.string().optional(),
    /** The kubeconfig's context. For a server: the one for which `kubectl taffrail` calls it. */
    kubeContext: z.string().optional(),
    /** The configuration file of sources. Only for `local`. */
    config: z.string().optional(),
    /** The ConfigMap with the configuration of sources, as `namespace/name`. Only for `local`. */
    configMap: z.string().optional(),
    project: z.string().optional(),
  })
  .refine(({ server, local }) => (server === undefined) !== (local === undefined), "must have either server or local")
  .refine(({ local, token, tokenFile }) => !local || (token ?? tokenFile) === undefined, "local takes no token")
  .refine(
    ({ local, kubeconfig, config, configMap }) => local || (kubeconfig ?? config ?? configMap) === undefined,
    "kubeconfig, config and configMap are only for local",
  )
  .refine(({ config, configMap }) => config === undefined || configMap === undefined, "has both config and configMap");
const ContextFile = z.strictObject({
  current: z.string().optional(),
  contexts: z
    .record(z.string(), Context)
    .nullish()
    .transform((all) => all ?? {}),
});

/** How long to wait for another process, which needs some milliseconds. */
const LOCK_MS = 5_000;

export type Context = z.output<typeof Context>;
export type ContextFile = z.output<typeof ContextFile>;

/** The file of contexts: `taffrail/config.yaml` in `XDG_CONFIG_HOME` or `~/.config`. */
export function contextFilePath(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), ".config"), "taffrail", "config.yaml");
}

/**
 * Reads the contexts. A missing file counts as empty.
 *
 * @throws CliError if the file cannot be read or parsed.
 */
export function readContexts(env: NodeJS.ProcessEnv): ContextFile {
  return readFile(env).file;
}

/**
 * Writes one context. The user's comments and other entries stay. Only its owner can read the file, since it holds
 * tokens.
 *
 * @param wanted its name, or what chooses one, which no other process then chooses.
 * @param context it, or what makes it of the present one.
 * @param mayBeCurrent whether to make it the current context if the file names none yet.
 * @returns its name.
 * @throws CliError if the file cannot be changed; what the functions throw.
 */
export function writeContext(
  env: NodeJS.ProcessEnv,
  wanted: string | ((file: ContextFile) => string),
  context: Context | ((known: Context | undefined) => Context),
  mayBeCurrent = true,
): Promise<string> {
  return edit(env, ({ document, file }) => {
    const name = typeof wanted === "string" ? wanted : wanted(file);
    const next = typeof context === "function" ? context(contextNamed(file, name)) : context;
    if (mayBeCurrent && file.current === undefined) document.set("current", name);
    if (document.get("contexts") == null) document.set("contexts", document.createNode({}));
    const known = entryOf(document, name);
    if (known === undefined) document.setIn(["contexts", name], document.createNode(next));
    else {
      for (const key of Object.keys(Context.shape)) {
        const value = next[key as keyof Context];
        if (value === undefined) known.delete(key);
        else if (known.get(key) !== value) known.set(key, value);
      }
    }
    return name;
  });
}

/**
 * Makes a context the current one.
 *
 * @throws CliError with status 2 if there is no such context.
 */
export function chooseContext(env: NodeJS.ProcessEnv, name: string): Promise<void> {
  return edit(env, ({ document, file }) => {
    if (contextNamed(file, name) === undefined) throw noContext(name, file);
    document.set("current", name);
  });
}

/** Makes a context the one for a context of the kubeconfig. Other servers' contexts no longer are. */
export function bindKubeContext(env: NodeJS.ProcessEnv, name: string, kubeContext: string): Promise<void> {
  return edit(env, ({ document, file }) => {
    for (const [each, { server, kubeContext: bound }] of Object.entries(file.contexts)) {
      if (each === name) entryOf(document, each)?.set("kubeContext", kubeContext);
      else if (server !== undefined && bound === kubeContext) entryOf(document, each)?.delete("kubeContext");
    }
  });
}

function entryOf(document: Document, name: string): YAMLMap | undefined {
  const entry = document.getIn(["contexts", name], true);
  return isMap(entry) ? entry : undefined;
}

/** Changes the file, unless another process does: what one of them reads, the other would overwrite. */
async function edit<T>(env: NodeJS.ProcessEnv, change: (read: ReturnType<typeof readFile>) => T): Promise<T> {
  const path = contextFilePath(env);
  const lock = `${fileBehind(path)}.lock`;
  const work = async (): Promise<T> => {
    const read = readFile(env);
    const result = change(read);
    // Long lines stay as they are.
    writePrivateFile(path, read.document.toString({ lineWidth: 0 }));
    return result;
  };
  try {
    return await withFileLock(lock, { timer: systemTimer, waitMs: LOCK_MS }, work);
  } catch (error) {
    if (error instanceof LockTimeoutError) {
      throw new CliError(EXIT.other, `another process has been changing ${path} for too long`, [
        `try     again, or remove ${lock}`,
      ]);
    }
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!UNWRITABLE.has(code)) throw error;
    throw new CliError(EXIT.usage, `cannot write ${path} (${code})`, [
      "try     XDG_CONFIG_HOME=FOLDER with another one",
    ]);
  }
}

const UNWRITABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

/** The context of a name. Names are the user's, and may be those of JavaScript's own properties. */
export function contextNamed({ contexts }: Pick<ContextFile, "contexts">, name: string): Context | undefined {
  return Object.hasOwn(contexts, name) ? contexts[name] : undefined;
}

/**
 * The context that the flags or the environment name, else the current one.
 *
 * @throws CliError with status 2 if there is no context of the name.
 */
export function chosenContext(
  flags: { readonly context?: string },
  env: NodeJS.ProcessEnv,
): { readonly name: string; readonly context: Context | undefined } {
  const file = readContexts(env);
  const named = flags.context ?? (env.TAFFRAIL_CONTEXT || undefined);
  const name = named ?? file.current ?? "";
  const context = contextNamed(file, name);
  if (named !== undefined && context === undefined) throw noContext(named, file);
  return { name, context };
}

/** Whether a context's server is this one, however each is written. */
export function isServerOf(context: Context | undefined, server: string): context is Context {
  if (context?.server === undefined) return false;
  try {
    return serverAddress(context.server) === serverAddress(server);
  } catch {
    // Whoever chooses that context is told.
    return false;
  }
}

/** The error for a name that is not that of a context. */
export function noContext(name: string, { contexts }: ContextFile): CliError {
  return new CliError(EXIT.usage, `there is no context "${name}"`, [
    `known: ${Object.keys(contexts).join(", ") || "none"}`,
  ]);
}

function readFile(env: NodeJS.ProcessEnv): { readonly document: Document; readonly file: ContextFile } {
  const path = contextFilePath(env);
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") throw new CliError(EXIT.usage, `cannot read ${path} (${code})`);
  }
  try {
    const document = parseDocument(text);
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return { document, file: ContextFile.parse(document.toJS() ?? {}) };
  } catch (error) {
    // After its first line, the parser's message quotes lines of the file, which may contain tokens.
    const why = error instanceof z.ZodError ? z.prettifyError(error) : firstLine((error as Error).message);
    throw new CliError(EXIT.usage, `${path} is invalid`, why.split("\n").slice(0, 4));
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
