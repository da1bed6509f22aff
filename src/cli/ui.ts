import type { Command } from "commander";
import { pathOf } from "../client/addresses.ts";
import { createTaffrailClient } from "../client/client.ts";
import { buildPage } from "../demo/build-page.ts";
import { type ConnectionFlags, withLocalFlags } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { type LocalListen, type LocalSession, startLocalSession } from "./local-session.ts";
import { type LogFlags, pageAddress } from "./page-address.ts";
import { chooseRun } from "./run-choice.ts";
import { type LocalTarget, targetOf } from "./target.ts";
import { untilStopped } from "./until-stopped.ts";

interface UiFlags extends ConnectionFlags {
  readonly listen?: string;
  readonly browser: boolean;
}

/** What the page opens with. */
export interface UiOptions extends LogFlags {
  /** A run's name, `@latest` or `@failed`. Default: the project's runs. */
  readonly run?: string | undefined;
  /** Default: a free port of 127.0.0.1. */
  readonly listen?: Pick<LocalListen, "host" | "port">;
  /** Whether to open a browser, if stdout is a terminal. Default: yes. */
  readonly browser?: boolean;
}

/** Adds `taffrail ui`. */
export function addUiCommand(program: Command, io: CliIo): void {
  const command = program
    .command("ui")
    .description("Open the web page on this computer: it reads with your kubeconfig, and needs no server.")
    .argument("[run]", "the run to open: its name, or @latest, or @failed (default: the project's runs)")
    .option("-n, --namespace <project>", "the project (default: the namespace of the kubeconfig's context)")
    .option("-p, --project <project>", "the same as -n")
    .option(
      "--context <name>",
      "the kubeconfig's context (default: as the current context says, if it is a local one; else the current one)",
    )
    .option("--listen <host:port>", "the address to listen on, of this computer only (default: a free port)")
    .option("--no-browser", "only print the link");
  withLocalFlags(command).action((run: string | undefined, { listen, browser, ...flags }: UiFlags) => {
    const options = { run, browser, ...(listen !== undefined && { listen: loopback(listen) }) };
    return serveUi(io, localTarget(flags, io), options);
  });
}

/** Where a command reads that never calls a server. */
export function localTarget(flags: ConnectionFlags, { env, isPlugin = false }: CliIo): LocalTarget {
  const target = targetOf({ ...flags, local: true }, env, isPlugin);
  if (target.kind === "server") throw new Error("--local cannot be a server.");
  return target;
}

/**
 * Serves the page for the user of this process until it is interrupted. Prints the link that signs a browser in, and
 * opens it on a terminal.
 */
export async function serveUi(io: CliIo, { settings, project }: LocalTarget, options: UiOptions): Promise<void> {
  const { run: argument, listen = { port: 0 }, browser = true, ...log } = options;
  let opens = pathOf({ page: "runs", project });
  const build = buildPage();
  const page = { opens: () => opens, isBuilding: build.isBuilding };
  const session = await startLocalSession(io, settings, { ...listen, page });
  try {
    if (argument !== undefined) opens = await runPath(io, session, project, argument, log);
    const link = session.link ?? "";
    io.print(
      `Taffrail reads as ${session.username}, by the kubeconfig's context ${session.contextName}. Press Ctrl-C to stop it.`,
      "Open the page by this link, which works once and for one browser:",
      `  ${link}`,
    );
    void build.done.then((fault) => fault && io.say(`note: cannot build the web page: ${fault}`));
    if (browser) await io.openPage?.(link);
    await untilStopped(() => session.stop(), io.signal);
  } finally {
    await session.stop();
  }
}

async function runPath(
  io: CliIo,
  session: LocalSession,
  project: string,
  argument: string,
  log: LogFlags,
): Promise<string> {
  const client = createTaffrailClient({ baseUrl: session.url, token: session.token.reveal() });
  const connection = { client, server: undefined, project };
  const run = await chooseRun(argument, connection, io);
  return (await pageAddress(connection, run, log, io.signal)).url;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1"]);

/**
 * Reads an address of this computer.
 *
 * @throws CliError with status 2 if others could reach it.
 */
export function loopback(text: string): Pick<LocalListen, "host" | "port"> {
  const [, v6, name = "127.0.0.1", digits] = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+))?:(\d{1,5})$/i.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (digits === undefined || port > 65_535) throw new CliError(EXIT.usage, `"${text}" is not HOST:PORT`);
  if (LOOPBACK.has(host)) return { host: host === "localhost" ? "127.0.0.1" : host, port };
  throw new CliError(
    EXIT.usage,
    `without a server in the cluster, the page is for this computer only, not for ${host}`,
    [`try     --listen 127.0.0.1:${port}`],
  );
}
