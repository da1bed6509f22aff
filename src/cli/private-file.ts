import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Writes a file that only its owner can read, in a folder that only its owner can open. Readers see the old text or the
 * new one, never a part. A symbolic link stays, and what it leads to is replaced.
 *
 * @throws the error of the file system.
 */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const target = fileBehind(path);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    rmSync(temporary, { force: true });
    // A new file, which nobody has open.
    writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What a symbolic link leads to; any other path as it is. */
export function fileBehind(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** A file of this program's state: in `taffrail` in `XDG_STATE_HOME` or `~/.local/state`. */
export function stateFilePath(env: NodeJS.ProcessEnv, name: string): string {
  return join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "taffrail", name);
}
