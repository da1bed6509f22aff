import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

export interface ChildServerOptions {
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Receives each complete line of its output. */
  readonly onLine?: (line: string) => void;
}

/** How many characters of a server's output are kept: enough to say why it did not start. */
const OUTPUT_KEPT = 200_000;
const POLL_MS = 50;
const START_MS = 60_000;
const STOP_MS = 10_000;

/** A server that runs as a child process, and ends with this process at the latest. */
export class ChildServer {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #kill = () => this.#child.kill("SIGKILL");
  #output = "";
  #ended: string | undefined;

  constructor(name: string, command: string, args: readonly string[], options: ChildServerOptions = {}) {
    this.name = name;
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let line = "";
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
        if (options.onLine === undefined) return;
        const lines = (line + text).split("\n");
        line = lines.pop() ?? "";
        lines.forEach(options.onLine);
      });
    }
    this.#child.once("error", (error) => {
      this.#ended = error.message;
    });
    this.#exited = once(this.#child, "close").then(
      ([code, signal]) => {
        this.#ended ??= `it ended with ${code ?? signal}`;
      },
      () => undefined,
    );
    process.once("exit", this.#kill);
  }

  /** The process id. Throws if the process could not be started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} could not be started: ${this.#ended ?? ""}`);
    return this.#child.pid;
  }

  /** The end of its standard output and standard error. */
  get output(): string {
    return this.#output;
  }

  /**
   * Repeats a check until it returns a value, and returns that value. A check that throws is repeated.
   *
   * Throws with the end of the server's output if the server ends or a minute passes.
   */
  async waitFor<T>(check: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const deadline = performance.now() + START_MS;
    let reason = "it was not ready within a minute";
    for (;;) {
      try {
        const answer = await check();
        if (answer !== undefined) return answer;
      } catch (error) {
        reason = `it was not ready within a minute (${error instanceof Error ? error.message : String(error)})`;
      }
      if (this.#ended !== undefined) reason = this.#ended;
      if (this.#ended !== undefined || performance.now() > deadline) {
        throw new Error(`${this.name}: ${reason}. The end of its output:\n${this.#output.slice(-3000)}`);
      }
      await pause(POLL_MS);
    }
  }

  /** Stops the server, and kills it if it has not ended after ten seconds. */
  async stop(): Promise<void> {
    if (this.#ended === undefined) {
      this.#child.kill("SIGTERM");
      const timer = setTimeout(this.#kill, STOP_MS);
      await this.#exited;
      clearTimeout(timer);
    }
    process.removeListener("exit", this.#kill);
  }
}
