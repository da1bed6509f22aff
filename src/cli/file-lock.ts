import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sleep, type Timer } from "../client/sleep.ts";

/** The interval between looks at another process's lock, in milliseconds. */
const LOOK_MS = 50;
/** Nobody holds a lock longer than this, in milliseconds: it was left behind. */
const STALE_MS = 60_000;

/** Thrown when another process has held a lock for too long. */
export class LockTimeoutError extends Error {}

export interface LockOptions {
  readonly timer: Timer;
  /** How long to wait for the lock, in milliseconds. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs work while no other process of this computer has the lock. A lock of a process that has died is removed.
 *
 * @param path the lock file. Its folder is created.
 * @throws LockTimeoutError; the reason of `signal`; what the work throws.
 */
export async function withFileLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { timer, waitMs, signal } = options;
  // A process may end, and another get its number: only the text tells whose lock it is.
  const own = `${process.pid} ${randomUUID()}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (let waited = 0; !tryLock(path, own); waited += LOOK_MS) {
    if (waited >= waitMs) throw new LockTimeoutError();
    await sleep(LOOK_MS, signal, timer);
  }
  try {
    return await work();
  } finally {
    release(path, own);
  }
}

/** If another process reads it just then, Windows refuses: such a lock is stale once this process has ended. */
function release(path: string, own: string): void {
  try {
    if (textOf(path) === own) rmSync(path, { force: true });
  } catch (error) {
    if (process.platform !== "win32") throw error;
  }
}

function tryLock(path: string, own: string): boolean {
  try {
    writeFileSync(path, own, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // On Windows, a file that is being deleted.
    const isTaken = code === "EEXIST" || (code === "EPERM" && process.platform === "win32");
    if (!isTaken) throw error;
  }
  const seen = textOf(path);
  if (seen !== undefined && isStale(path, seen)) removeStale(path, seen, own);
  return false;
}

function isStale(path: string, text: string): boolean {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return true;
  } catch {
    return false;
  }
  const pid = Number.parseInt(text, 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it runs, for another user.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Moves the stale lock away, which only one process can do. If it was replaced meanwhile, the new one is put back. */
function removeStale(path: string, seen: string, own: string): void {
  const away = `${path}.${own.replace(" ", ".")}`;
  try {
    renameSync(path, away);
    if (textOf(away) !== seen) linkSync(away, path);
  } catch {
    // Another process was faster.
  } finally {
    rmSync(away, { force: true });
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
