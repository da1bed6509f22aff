import { createInterface } from "node:readline/promises";
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
  try {
    return await asking.question(question, { signal: interrupt.signal });
  } finally {
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
  signal: interrupt.signal,
});
