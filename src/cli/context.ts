import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { printable } from "../quoted.ts";
import { type Context, chooseContext, contextFilePath, readContexts, writeContext } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { serverAddress } from "./server-address.ts";

interface SetFlags {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly local?: boolean;
  readonly kubeconfig?: string;
  readonly kubeContext?: string;
  readonly config?: string;
  readonly configMap?: string;
  readonly project?: string;
  readonly use?: boolean;
}

/** Adds `taffrail context`. */
export function addContextCommand(program: Command, io: CliIo): void {
  const command = program.command("context").description("List, choose and change contexts: the servers to call.");
  command
    .command("list", { isDefault: true })
    .description("List the contexts; a star marks the current one.")
    .addOption(new Option("-o, --output <format>", "output format").choices(["table", "json", "name"]).default("table"))
    .action(({ output }: { readonly output: string }) => listContexts(io, output));
  command
    .command("current")
    .description("Print the current context's name.")
    .action(() => {
      const { current } = readContexts(io.env);
      if (current === undefined) {
        throw new CliError(EXIT.usage, "there is no current context", ["try     taffrail context use NAME"]);
      }
      io.print(current);
    });
  command
    .command("use")
    .description("Make a context the current one.")
    .argument("<context>", "its name")
    .action(async (name: string) => {
      await chooseContext(io.env, name);
      io.say(`the current context is now "${name}"`);
    });
  command
    .command("set")
    .description("Create a context, or change the given settings of one. An empty value removes a setting.")
    .argument("<context>", "its name")
    .option("--server <url>", "the server")
    .option("--token-file <file>", "a file with the token")
    .option("--local", "no server: read with a kubeconfig, with nothing installed in the cluster")
    .option("--kubeconfig <file>", "for --local: the kubeconfig (default: as kubectl)")
    .option(
      "--kube-context <name>",
      "for --local: the kubeconfig's context (default: the current one). For a server: the one for which `kubectl taffrail` calls it",
    )
    .option("--config <file>", "for --local: the configuration file of sources")
    .option("--config-map <namespace/name>", "for --local: the ConfigMap with the configuration of sources")
    .option("-p, --project <project>", "the project if none is given")
    .option("--use", "make it the current one")
    .action((name: string, flags: SetFlags) => setContext(io, name, flags));
}

function listContexts(io: CliIo, output: string): void {
  const { current, contexts } = readContexts(io.env);
  const all = Object.entries(contexts);
  if (output === "name") io.print(...all.map(([name]) => name));
  else if (output === "table") io.print(...table(all, current));
  else {
    // The token itself stays in the file.
    const shown = all.map(([name, { token, ...rest }]) => ({ name, current: name === current, ...rest }));
    io.printJson(shown, 2);
  }
  if (all.length === 0) io.say(`note: there are no contexts in ${contextFilePath(io.env)}`);
}

function table(all: readonly (readonly [string, Context])[], current: string | undefined): string[] {
  const rows = [
    ["", "NAME", "SERVER", "PROJECT"],
    ...all.map(([name, context]) => [
      name === current ? "*" : "",
      printable(name),
      printable(whereOf(context)),
      printable(context.project ?? "-"),
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(1, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Where a context leads. */
function whereOf({ server, kubeContext, configMap, config }: Context): string {
  if (server !== undefined) return server;
  const sources = configMap === undefined ? config : `ConfigMap ${configMap}`;
  return `local (${[kubeContext && `kube context ${kubeContext}`, sources].filter(Boolean).join(", ") || "kubeconfig"})`;
}

async function setContext({ env, say }: CliIo, name: string, flags: SetFlags): Promise<void> {
  await writeContext(env, name, (known = {}) => changed(name, known, flags));
  if (flags.use) await chooseContext(env, name);
  say(`context "${name}" is in ${contextFilePath(env)}`);
}

/** @throws CliError with status 2 if it would not be a valid one. */
function changed(name: string, known: Partial<Context>, flags: SetFlags): Context {
  const { use: _, local, server, tokenFile, config, kubeconfig, ...rest } = flags;
  const given = {
    ...rest,
    ...(server !== undefined && { server: server && serverAddress(server) }),
    ...(tokenFile !== undefined && { tokenFile: tokenFile && resolve(tokenFile) }),
    ...(config !== undefined && { config: config && resolve(config) }),
    ...(kubeconfig !== undefined && { kubeconfig: kubeconfig && resolve(kubeconfig) }),
  };
  const merged = { ...kept(known, flags), ...given, ...(local && { local }) };
  const context = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== "")) as Context;
  const fault = faultOf(context);
  if (fault !== undefined) throw new CliError(EXIT.usage, fault, [`try     taffrail context set ${name} --server URL`]);
  return context;
}

/** What stays of a context: a server's settings are not those of another server, nor of this computer. */
function kept(
  { token, tokenFile, server, kubeconfig, config, configMap, local, ...rest }: Partial<Context>,
  flags: SetFlags,
) {
  if (flags.local) return { ...rest, ...given({ kubeconfig, config, configMap }) };
  const isOther =
    flags.server !== undefined && server !== undefined && serverAddress(flags.server) !== serverAddress(server);
  // The token of one server must not reach another.
  if (flags.server !== undefined) return { ...rest, ...(!isOther && given({ token, tokenFile })) };
  const sources = {
    ...(flags.configMap === undefined && { config }),
    ...(flags.config === undefined && { configMap }),
  };
  return { ...rest, ...given({ server, token, tokenFile, local, kubeconfig, ...sources }) };
}

function given<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function faultOf({ server, local, token, tokenFile, kubeconfig, config, configMap }: Context): string | undefined {
  if (server === undefined && !local) return "a context needs --server URL or --local";
  if (server !== undefined && local) return "a context has either --server or --local";
  if (local && (token ?? tokenFile) !== undefined) return "--local takes no token: the kubeconfig says who you are";
  if (!local && (kubeconfig ?? config ?? configMap) !== undefined) {
    return "--kubeconfig, --config and --config-map are only for --local";
  }
  if (config !== undefined && configMap !== undefined) return "use either --config or --config-map";
  if (configMap !== undefined && !/^[^/]+\/[^/]+$/.test(configMap)) return "--config-map must be NAMESPACE/NAME";
  return undefined;
}
