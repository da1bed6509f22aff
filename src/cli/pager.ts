import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Writable } from "node:stream";

/** A running pager. */
export interface Pager {
  readonly input: Writable;
  /** Aborted when the user quits it. */
  readonly quit: AbortSignal;
  /** Ends its input, and waits until the user quits it. */
  close(): Promise<void>;
}

/**
 * The user's pager command: TAFFRAIL_PAGER, else PAGER, else `less` if it is installed. `undefined` if that is empty or
 * `cat`, or the terminal is dumb.
 */
export function pagerCommand(env: NodeJS.ProcessEnv): string | undefined {
  if (env.TERM === "dumb") return undefined;
  const command = env.TAFFRAIL_PAGER ?? env.PAGER ?? (isInPath("less", env) ? "less -FIRX" : "");
  return command.trim() === "" || command.trim() === "cat" ? undefined : command;
}

/** Starts a pager on this process's terminal. */
export function startPager(command: string, env: NodeJS.ProcessEnv): Pager {
  const child = spawn(command, { shell: true, env, stdio: ["pipe", "inherit", "inherit"] });
  const closed = once(child, "close");
  const quit = new AbortController();
  closed.then(
    () => quit.abort(),
    () => quit.abort(),
  );
  // The user quit before it had read everything.
  child.stdin.on("error", () => quit.abort());
  // The terminal sends SIGINT to both; the pager stays until the user quits it, and so does this process.
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  return {
    input: child.stdin,
    quit: quit.signal,
    async close() {
      child.stdin.end();
      await closed.catch(() => {});
      process.off("SIGINT", ignore);
    },
  };
}

function isInPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
