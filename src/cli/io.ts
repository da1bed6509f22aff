import type { Timer } from "../client/sleep.ts";

/** A command's inputs and outputs, which tests replace. */
export interface CliIo {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Prints one line to stderr. */
  readonly say: (line: string) => void;
  /** Shows a text until the next one, or the next line, replaces it. Absent if stderr is not a terminal. */
  readonly status?: (text: string) => void;
  /** Asks the user. Absent without a terminal to answer on. */
  readonly ask?: (question: string) => Promise<string>;
  /** Opens an address in a browser. Absent if stdout is not a terminal. */
  readonly openPage?: (address: string) => Promise<void>;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** Default: the system's. */
  readonly timer?: Timer;
}
