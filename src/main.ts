import { runCli } from "./cli/program.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
// Whoever reads our output may stop reading (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 141 : 1));

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  say: (line) => process.stderr.write(`${line}\n`),
  signal: interrupt.signal,
});
