import type { Command } from "commander";

/** A longer command is not worth copying. */
const MAX_LENGTH = 600;
/** Flags for waiting and for where to begin: the cursor replaces them. */
const DROPPED: ReadonlySet<string> = new Set(["cursor", "wait", "since"]);

/** Quotes a text as one word for a shell. */
export function shellWord(text: string): string {
  return /^[-\w.:/@+=]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The command that resumes a log where this command stopped; `undefined` if it would be too long.
 *
 * @param command with the flags that the user gave.
 * @param run the run's name, however the user chose it.
 * @param since the time that `--since` stood for, in RFC 3339: the cursor is bound to it.
 */
export function resumeCommand(
  command: Command,
  run: string,
  since: string | undefined,
  cursor: string,
): string | undefined {
  if (cursor === "") return undefined;
  const words = ["taffrail", "logs", run];
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== "cli" || DROPPED.has(name)) continue;
    words.push(option.short ?? option.long ?? "");
    if (option.required) words.push(String(command.getOptionValue(name)));
  }
  if (since !== undefined) words.push("--since-time", since);
  const text = [...words, "--cursor", cursor].map(shellWord).join(" ");
  return text.length > MAX_LENGTH ? undefined : text;
}
