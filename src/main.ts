import "./heap-flags.ts";

import { createInterface } from "node:readline/promises";
import { addAbortSignal } from "node:stream";
import { invocationOf } from "./cli/invocation.ts";
import { quietenNode } from "./cli/node-warnings.ts";
import { openPage } from "./cli/open-page.ts";
import { runCli } from "./cli/program.ts";

quietenNode();
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
// The reader of our output may close it (`| head`): that is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 141 : 1));

/** Ends at Ctrl-C, which would otherwise wait for the end of the input. */
async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of addAbortSignal(interrupt.signal, stdin)) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString("utf8");
}

const { stdin, stderr } = process;
let shown = false;
function status(text: string): void {
  if (shown || text !== "") stderr.write(`\r${text}\x1b[K`);
  shown = text !== "";
}
async function ask(question: string): Promise<string> {
  const asking = createInterface({ input: stdin, output: stderr });
  // readline swallows the terminal's SIGINT, and would never settle at the end of the input.
  const leave = (): void => interrupt.abort();
  asking.once("SIGINT", leave).once("close", leave);
  try {
    return await asking.question(question, { signal: interrupt.signal });
  } finally {
    asking.off("close", leave);
    asking.close();
  }
}

const { isPlugin, args } = invocationOf(process.argv);

process.exitCode = await runCli(args, {
  isPlugin,
  env: process.env,
  stdout: process.stdout,
  say: (line) => {
    status("");
    stderr.write(`${line}\n`);
  },
  ...(stderr.isTTY && { status }),
  ...(stderr.isTTY && stdin.isTTY && { ask }),
  readInput,
  ...(process.stdout.isTTY && {
    openPage: (address) => openPage(address).catch(() => void stderr.write("note: no program found to open it\n")),
  }),
  signal: interrupt.signal,
});
