import { closeSync, fchmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import * as z from "zod";
import { CliError, EXIT } from "./exit.ts";

/** A named server, and how to sign in there. */
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
    // After its first line, the parser's message quotes lines of the file, which may contain tokens.
    const why = error instanceof z.ZodError ? z.prettifyError(error) : firstLine((error as Error).message);
    throw new CliError(EXIT.usage, `${path} is invalid`, why.split("\n").slice(0, 4));
  }
}

/**
 * Writes one context, which becomes the current one if there is none. Only its owner can read the file, since it holds
 * tokens.
 */
export function writeContext(env: NodeJS.ProcessEnv, name: string, context: Context): void {
  const path = contextFilePath(env);
  const { current, contexts } = readContexts(env);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next: ContextFile = { current: current ?? name, contexts: { ...contexts, [name]: context } };
  const file = openSync(path, "w", 0o600);
  try {
    // The mode above applies to a new file only: restrict an existing one before a token is written to it.
    fchmodSync(file, 0o600);
    writeFileSync(file, stringify(next));
  } finally {
    closeSync(file);
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
