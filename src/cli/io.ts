import type { Timer } from "../client/sleep.ts";

/** What a command reads and writes, so that tests can give it other ends. */
export interface CliIo {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Says one line to the person, on stderr. */
  readonly say: (line: string) => void;
  /** Shows a text that the next one, or the next line said, replaces. Absent where stderr is no terminal. */
  readonly status?: (text: string) => void;
  /** Asks the person. Absent where there is no terminal to answer on. */
  readonly ask?: (question: string) => Promise<string>;
  /** Opens an address in a browser. Absent where stdout is no terminal. */
  readonly openPage?: (address: string) => Promise<void>;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
  /** How to wait. Default: as the system does. */
  readonly timer?: Timer;
}
