/**
 * Builds or installs the real servers: `node test/real/install.ts [--json] [NAME…]`. Default: all of them.
 *
 * Prints a line for each with the time it took. With `--json`, these lines go to standard error, and standard output is
 * an object of names and paths.
 */
import { parseArgs } from "node:util";
import { resolveServer } from "./programs/resolve.ts";
import { realServers } from "./programs/table.ts";

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const print = (line: string) => (values.json === true ? process.stderr : process.stdout).write(`${line}\n`);
const paths: Record<string, string> = {};

for (const name of positionals.length > 0 ? positionals : realServers.map((server) => server.name)) {
  const start = performance.now();
  try {
    const { path, how } = await resolveServer(name);
    paths[name] = path;
    print(`${name}: ${how} in ${((performance.now() - start) / 1000).toFixed(1)} s: ${path}`);
  } catch (error) {
    print(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
if (values.json === true) process.stdout.write(`${JSON.stringify(paths)}\n`);
