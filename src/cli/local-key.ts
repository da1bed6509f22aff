import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Secret } from "../secret.ts";
import { stateFilePath, writePrivateFile } from "./private-file.ts";

/**
 * The key that signs the cursors of local commands, so that the next command can resume where one stopped: a file that
 * only its owner can read. Where none can be written, cursors are good for one process.
 */
export function localKey(env: NodeJS.ProcessEnv): Secret {
  const path = stateFilePath(env, "cursor-key");
  const made = randomBytes(32).toString("base64");
  try {
    const known = readFileSync(path, "utf8").trim();
    if (known.length >= 32) return new Secret(known);
  } catch {
    // The key has not been created yet.
  }
  try {
    writePrivateFile(path, `${made}\n`);
  } catch {
    // The home folder may be read-only.
  }
  return new Secret(made);
}
