/** What a command reads and writes, so that tests can give it other ends. */
export interface CliIo {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Says one line to the person, on stderr. */
  readonly say: (line: string) => void;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
}
