import { closeSync, fchmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { CliError, EXIT } from "./exit.ts";

/** A server and how to sign in there, under a name. */
const Context = z.strictObject({
  server: z.string(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  project: z.string().optional(),
});
const ContextFile = z.strictObject({
  current: z.string().optional(),
  contexts: z.record(z.string(), Context).default({}),
});

export type Context = z.output<typeof Context>;
export type ContextFile = z.output<typeof ContextFile>;

/** Where contexts are kept: `taffrail/config.yaml` in `XDG_CONFIG_HOME` or `~/.config`. */
export function contextFilePath(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), ".config"), "taffrail", "config.yaml");
}

/**
 * Reads the contexts. No file is an empty one.
 *
 * @throws CliError when the file is not well formed.
 */
export function readContexts(env: NodeJS.ProcessEnv): ContextFile {
  const path = contextFilePath(env);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { contexts: {} };
    throw new CliError(EXIT.usage, `cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return ContextFile.parse(parse(text) ?? {});
  } catch (error) {
    // A YAML reader's text goes on with the lines in question, in which tokens may stand.
    const why = error instanceof z.ZodError ? z.prettifyError(error) : firstLine((error as Error).message);
    throw new CliError(EXIT.usage, `${path} is not well formed`, why.split("\n").slice(0, 4));
  }
}

/** Writes one context, which becomes the current one where there is none. The file can be read by its owner alone: it holds tokens. */
export function writeContext(env: NodeJS.ProcessEnv, name: string, context: Context): void {
  const path = contextFilePath(env);
  const { current, contexts } = readContexts(env);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next: ContextFile = { current: current ?? name, contexts: { ...contexts, [name]: context } };
  const file = openSync(path, "w", 0o600);
  try {
    // The mode above is for a new file only: one that others could read must be closed to them before a token is in it.
    fchmodSync(file, 0o600);
    writeFileSync(file, stringify(next));
  } finally {
    closeSync(file);
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
