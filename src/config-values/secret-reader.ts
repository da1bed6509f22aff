import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import { memoizeFor } from "../memoize-for.ts";
import { Secret } from "../secret.ts";

/** A reference to a secret in a configuration. */
export const SecretRef = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe("A file that holds the secret. Surrounding white space is removed. Read again when it changes."),
    env: z.string().min(1).optional().describe("The environment variable that holds the secret."),
  })
  .refine(
    (secret) => (secret.file === undefined) !== (secret.env === undefined),
    "must name either a file or an env variable",
  )
  .describe("Where the secret is: never the secret itself.");

/** A mounted Secret changes at most once a minute; this only saves reads. */
const REREAD_MS = 10_000;

/** Reads a secret's current value. */
export type SecretReader = () => Promise<Secret>;

/**
 * Opens a reference to a secret. The secret must exist now, and is read again when it rotates.
 *
 * @param folder the base of a relative file name.
 * @param leastBytes how long the secret must be.
 * @throws Error with one sentence that names the file or variable if it is missing, empty or too short.
 */
export function openSecret(
  secret: z.output<typeof SecretRef>,
  folder: string,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  leastBytes = 1,
): SecretReader {
  const longEnough = (value: string, where: string): Secret => {
    if (Buffer.byteLength(value) >= leastBytes) return new Secret(value);
    throw new Error(`${where} holds fewer than ${leastBytes} bytes: use a longer secret`);
  };
  if (secret.env !== undefined) {
    const value = env[secret.env]?.trim();
    if (!value) throw new Error(`the environment variable ${secret.env} is not set: set it, or name another`);
    const found = longEnough(value, `the environment variable ${secret.env}`);
    return () => Promise.resolve(found);
  }
  const file = resolve(folder, secret.file ?? "");
  const checked = (text: string): Secret => {
    const value = text.trim();
    if (value === "") throw new Error(`the file ${secret.file} is empty`);
    return longEnough(value, `the file ${secret.file}`);
  };
  try {
    checked(readFileSync(file, "utf8"));
  } catch (error) {
    throw explainUnread(secret.file ?? "", error);
  }
  return memoizeFor(REREAD_MS, clock, async () => checked(await readFile(file, "utf8")));
}

/**
 * The fault in the configuration if a file cannot be read. Other errors are returned unchanged.
 */
export function explainUnread(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const why = code === "ENOENT" ? "does not exist: create it, or name another" : `cannot be read (${code})`;
  return new Error(`the file ${file} ${why}`);
}
