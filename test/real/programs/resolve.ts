import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../run-command.ts";
import { buildGoProgram } from "./go-build.ts";
import { installPythonProgram } from "./python-install.ts";
import { type DebianPackage, type GoProgram, type PythonProgram, realServers } from "./table.ts";

/** Where a program is, and whether it had to be built or installed. */
export interface ResolvedServer {
  readonly name: string;
  readonly path: string;
  readonly how: "found" | "built" | "installed";
}

/**
 * Finds a server's program by name, or builds or installs it: the first time takes minutes, later calls no time.
 *
 * Programs are kept in `TAFFRAIL_TEST_CACHE`, by default `taffrail-test` in `XDG_CACHE_HOME` or `~/.cache`, with one
 * folder for each version. Throws if there is no such server, or if it can be neither found nor built: the message says
 * what to install.
 */
export function resolveServer(name: string): Promise<ResolvedServer> {
  const server = realServers.find((each) => each.name === name);
  if (server === undefined) {
    throw new Error(`There is no server "${name}". There are: ${realServers.map((each) => each.name).join(", ")}.`);
  }
  switch (server.kind) {
    case "go":
      return resolveGoProgram(server);
    case "python":
      return resolvePythonProgram(server);
    case "debian":
      return resolvePackage(server);
  }
}

async function resolveGoProgram(program: GoProgram): Promise<ResolvedServer> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (program.kubebuilder === true && assets !== undefined && assets !== "") {
    const path = join(assets, program.name);
    if (await isExecutable(path)) return { name: program.name, path, how: "found" };
  }
  const folder = join(cacheFolder(), `${program.name}-${program.version}`);
  const path = join(folder, program.name);
  if (await isExecutable(path)) return { name: program.name, path, how: "found" };
  if ((await findOnPath("go")) === undefined) {
    throw new Error(
      `${program.name} is built with Go, and there is no "go" on PATH: install Go, or put it at ${path}.`,
    );
  }
  await mkdir(cacheFolder(), { recursive: true });
  await buildGoProgram(program, folder);
  return { name: program.name, path, how: "built" };
}

async function resolvePythonProgram(program: PythonProgram): Promise<ResolvedServer> {
  const folder = join(cacheFolder(), `${program.name}-${program.version}`);
  const path = join(folder, "bin", program.name);
  if (await isExecutable(path)) return { name: program.name, path, how: "found" };
  if ((await findOnPath("python3")) === undefined) {
    throw new Error(`${program.name} is a Python program, and there is no "python3" on PATH: install Python.`);
  }
  await mkdir(cacheFolder(), { recursive: true });
  await installPythonProgram(program, folder);
  return { name: program.name, path, how: "installed" };
}

async function resolvePackage(server: DebianPackage): Promise<ResolvedServer> {
  const found = await findOnPath(server.name);
  if (found !== undefined) return { name: server.name, path: found, how: "found" };
  if (process.getuid?.() === 0 && (await findOnPath("apt-get")) !== undefined) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await runCommand("apt-get", ["update"], { env });
    await runCommand("apt-get", ["install", "-y", "--no-install-recommends", server.package], { env });
    const path = await findOnPath(server.name);
    if (path !== undefined) return { name: server.name, path, how: "installed" };
  }
  throw new Error(
    `There is no "${server.name}" on PATH: install it, on Debian with "apt-get install ${server.package}".`,
  );
}

function cacheFolder(): string {
  const own = process.env.TAFFRAIL_TEST_CACHE;
  if (own !== undefined && own !== "") return own;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "taffrail-test");
}

async function findOnPath(name: string): Promise<string | undefined> {
  // Debian installs servers in sbin, which is not on an ordinary user's PATH.
  for (const folder of [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"]) {
    if (folder !== "" && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
