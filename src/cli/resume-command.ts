import type { Command } from "commander";

/** A longer command is not worth copying. */
const MAX_LENGTH = 600;
/** Flags for waiting and for where to begin: the cursor replaces them. */
const DROPPED: ReadonlySet<string> = new Set(["cursor", "wait", "since"]);

/** A log that stopped, and the program that read it. */
export interface ResumedLog {
  /** How the user starts it. */
  readonly program: string;
  /** The run's name, however the user chose it. */
  readonly run: string;
  /** The time that `--since` stood for, in RFC 3339: the cursor is bound to it. */
  readonly since: string | undefined;
  readonly cursor: string;
}

/** Quotes a text as one word for a shell. */
export function shellWord(text: string): string {
  return /^[-\w.:/@+=]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The flags that the user gave of these, as words for a shell. */
export function givenFlags(command: Command, isWanted: (name: string) => boolean): readonly string[] {
  return command.options.flatMap((option) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== "cli" || !isWanted(name)) return [];
    const flag = option.short ?? option.long ?? "";
    return option.required ? [flag, String(command.getOptionValue(name))] : [flag];
  });
}

/**
 * The command that resumes a log where this command stopped; `undefined` if it would be too long.
 *
 * @param command with the flags that the user gave.
 */
export function resumeCommand(command: Command, { program, run, since, cursor }: ResumedLog): string | undefined {
  if (cursor === "") return undefined;
  const words = [...program.split(" "), "logs", run, ...givenFlags(command, (name) => !DROPPED.has(name))];
  if (since !== undefined) words.push("--since-time", since);
  const text = [...words, "--cursor", cursor].map(shellWord).join(" ");
  return text.length > MAX_LENGTH ? undefined : text;
}
