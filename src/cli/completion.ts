import { Argument, type Command } from "commander";
import { candidatesFor } from "./candidates.ts";
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from "./completion-scripts.ts";
import type { CliIo } from "./io.ts";

/** Adds `taffrail completion`, and the hidden command that its scripts ask. */
export function addCompletionCommands(program: Command, io: CliIo): void {
  program
    .command("completion")
    .description("Print what makes a shell complete commands, flags, runs, metrics and containers.")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText("after", "\nTo have it in each bash: echo 'eval \"$(taffrail completion bash)\"' >> ~/.bashrc")
    .action((shell: Shell) => void io.stdout.write(COMPLETION_SCRIPTS[shell]));
  program
    .command("complete", { hidden: true })
    .argument("[words...]", "what stands behind the program's name, up to the cursor")
    .action(async (words: readonly string[]) => {
      const candidates = await candidatesFor(program, words, io);
      io.stdout.write(candidates.map((each) => `${each}\n`).join(""));
    });
}
