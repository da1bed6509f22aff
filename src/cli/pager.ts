import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Writable } from "node:stream";

/** A running pager. */
export interface Pager {
  readonly input: Writable;
  /** Aborted when the person has left it. */
  readonly left: AbortSignal;
  /** Tells it that nothing more comes, and waits until the person leaves it. */
  close(): Promise<void>;
}

/** The command of the pager that a person wants: that of TAFFRAIL_PAGER, else of PAGER, else `less`, where it is there. Empty, and `cat`: none. */
export function pagerCommand(env: NodeJS.ProcessEnv): string | undefined {
  if (env.TERM === "dumb") return undefined;
  const command = env.TAFFRAIL_PAGER ?? env.PAGER ?? (isInPath("less", env) ? "less -FIRX" : "");
  return command.trim() === "" || command.trim() === "cat" ? undefined : command;
}

/** Starts it on this process's terminal. */
export function startPager(command: string, env: NodeJS.ProcessEnv): Pager {
  const child = spawn(command, { shell: true, env, stdio: ["pipe", "inherit", "inherit"] });
  const closed = once(child, "close");
  const left = new AbortController();
  closed.then(
    () => left.abort(),
    () => left.abort(),
  );
  // It was left before it had read all.
  child.stdin.on("error", () => left.abort());
  // The terminal interrupts both; the pager stays until it is left, and this process with it.
  const stay = (): void => {};
  process.on("SIGINT", stay);
  return {
    input: child.stdin,
    left: left.signal,
    async close() {
      child.stdin.end();
      await closed.catch(() => {});
      process.off("SIGINT", stay);
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
