import { Argument, type Command } from "commander";
import { candidatesFor } from "./candidates.ts";
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from "./completion-scripts.ts";
import type { CliIo } from "./io.ts";

/** Cobra's directive, which kubectl reads from a plugin (https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective). */
const NO_FILES = ":4";

/** Adds `taffrail completion`, and the hidden command that its scripts call. */
export function addCompletionCommands(program: Command, io: CliIo): void {
  program
    .command("completion")
    .description("Print a script for shell completion of commands, flags, runs, metrics and containers.")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText("after", "\nTo enable it in every bash: echo 'eval \"$(taffrail completion bash)\"' >> ~/.bashrc")
    .action((shell: Shell) => void io.stdout.write(COMPLETION_SCRIPTS[shell]));
  program
    .command("complete", { hidden: true })
    .argument("[words...]", "the words after the program's name, up to the cursor")
    .option("--kubectl", "end with the line that kubectl expects: no files")
    .action(async (words: readonly string[], { kubectl }: { readonly kubectl?: boolean }) => {
      const candidates = await candidatesFor(program, words, io);
      io.print(...candidates, ...(kubectl ? [NO_FILES] : []));
    });
}
