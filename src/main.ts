import { createInterface } from "node:readline/promises";
import { openPage } from "./cli/open-page.ts";
import { runCli } from "./cli/program.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
// Whoever reads our output may stop reading (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 141 : 1));

const { stdin, stderr } = process;
let shown = false;
function status(text: string): void {
  if (shown || text !== "") stderr.write(`\r${text}\x1b[K`);
  shown = text !== "";
}
async function ask(question: string): Promise<string> {
  const asking = createInterface({ input: stdin, output: stderr });
  // The terminal's own signal does not come while it is asked; the end of the input would leave the question open for ever.
  const leave = (): void => interrupt.abort();
  asking.once("SIGINT", leave).once("close", leave);
  try {
    return await asking.question(question, { signal: interrupt.signal });
  } finally {
    asking.off("close", leave);
    asking.close();
  }
}

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  say: (line) => {
    status("");
    stderr.write(`${line}\n`);
  },
  ...(stderr.isTTY && { status }),
  ...(stderr.isTTY && stdin.isTTY && { ask }),
  ...(process.stdout.isTTY && {
    openPage: (address) =>
      openPage(address).catch(() => void stderr.write("note: there is no program to open it with\n")),
  }),
  signal: interrupt.signal,
});
