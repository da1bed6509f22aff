import type { Command } from "commander";
import { shellWord } from "./shell-word.ts";

/** The longest command that somebody would copy. */
const LONGEST = 600;
/** Flags that say how long to wait or where to begin: the cursor does. */
const DROPPED: ReadonlySet<string> = new Set(["cursor", "wait", "since"]);

/**
 * The command that goes on where this one stops; `undefined` where it would be too long.
 *
 * @param command with its flags as they were given.
 * @param run the run's name, whatever it was found by.
 * @param since the time that `--since` meant, in RFC 3339: a cursor belongs to it.
 */
export function goOnCommand(
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
  return text.length > LONGEST ? undefined : text;
}
