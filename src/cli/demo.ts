import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import { systemClock } from "../clock.ts";
import { buildPage } from "../demo/build-page.ts";
import { DEMO_CLUSTER } from "../demo/config.ts";
import { type DemoGateway, type DemoGatewayOptions, startDemoGateway } from "../demo/demo-gateway.ts";
import { playDeployRun } from "../demo/deploy-run.ts";
import { type KubeObject, loadObjects } from "../demo/objects.ts";
import { startDemoServers } from "../demo/servers.ts";
import { createLog } from "../telemetry/log.ts";
import { contextFilePath, writeContext } from "./context-file.ts";
import { demoContextName } from "./demo-context.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { untilStopped } from "./until-stopped.ts";

interface DemoFlags {
  readonly port: number;
  readonly cluster?: string;
}

const PROJECT = "guestbook";
const VIEWER = "demo-viewer";
const LOGS_METHOD = "taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs";
/** How many further ports to try if the requested one is in use. */
const MAX_PORTS = 20;

/** Adds `taffrail demo`. */
export function addDemoCommand(program: Command, io: CliIo): void {
  program
    .command("demo")
    .description("Run the gateway with a small cluster and log store of its own, to try everything.")
    .option("--port <port>", "the port to listen on; the next free one if it is in use", parsePort, 8080)
    .option("--cluster <file>", `the cluster's Kubernetes objects (default: ${fileURLToPath(DEMO_CLUSTER)})`)
    .action((flags: DemoFlags) => runDemo(io, flags));
}

async function runDemo(io: CliIo, flags: DemoFlags): Promise<void> {
  const now = new Date();
  const objects = readCluster(flags.cluster, now);
  const servers = await startDemoServers({ objects, now });
  const page = buildPage();
  const run = newestFailed(objects);
  const gateway = await startOnFreePort(flags.port, {
    servers,
    objects,
    clock: systemClock,
    log: createLog(io.env.TAFFRAIL_LOG_LEVEL || "error"),
    opens: { project: PROJECT, run },
    isBuilding: page.isBuilding,
  });
  const settings = { server: gateway.url, token: VIEWER, project: PROJECT };
  const context = await writeContext(io.env, await demoContextName(io.env, VIEWER), settings);
  io.print(...welcome(gateway, { wanted: flags.port, run, context }, io.env));
  void page.done.then((fault) => fault && io.say(`note: cannot build the web page: ${fault}`));
  const playAbort = new AbortController();
  // The script needs the demo's own cluster.
  if (flags.cluster === undefined) playDeployRun(servers.cluster, now, playAbort.signal).catch(() => undefined);
  await untilStopped(() => gateway.stop());
  playAbort.abort();
  await servers.close();
}

function readCluster(file: string | undefined, now: Date): readonly KubeObject[] {
  try {
    return loadObjects(readFileSync(file ?? DEMO_CLUSTER, "utf8"), now, file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.usage, code === undefined ? message : `cannot read ${file} (${code})`);
  }
}

async function startOnFreePort(wanted: number, options: Omit<DemoGatewayOptions, "port">): Promise<DemoGateway> {
  for (let port = wanted; ; port += 1) {
    try {
      return await startDemoGateway({ ...options, port });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || port >= wanted + MAX_PORTS) throw error;
    }
  }
}

/** The run that `@failed` stands for. */
function newestFailed(objects: readonly KubeObject[]): string {
  const failed = objects
    .filter(({ kind, metadata }) => kind === "AnalysisRun" && metadata.namespace === PROJECT)
    .filter(({ status }) => ["Failed", "Error"].includes((status as { phase?: string } | undefined)?.phase ?? ""))
    .sort((a, b) => String(b.metadata.creationTimestamp).localeCompare(String(a.metadata.creationTimestamp)));
  return failed[0]?.metadata.name ?? "RUN";
}

/** How users run this program: a checkout does not install it. */
const PROGRAM = import.meta.url.endsWith(".ts") ? "npm run -s taffrail --" : "taffrail";

function welcome(
  { port, link }: DemoGateway,
  { wanted, run, context }: { readonly wanted: number; readonly run: string; readonly context: string },
  env: NodeJS.ProcessEnv,
): string[] {
  const at = `127.0.0.1:${port}`;
  const moved = port === wanted || wanted === 0 ? "" : ` (port ${wanted} is in use)`;
  const request = JSON.stringify({ namespace: PROJECT, name: run });
  return [
    `Taffrail demo on http://${at}${moved}. Press Ctrl-C to stop it.`,
    `Signed in as ${VIEWER} by context "${context}" in ${contextFilePath(env)}.`,
    `A verification in project ${PROJECT} failed. Read why in a browser (the link signs you in once):`,
    `  ${link}`,
    "or in a second terminal, with any of:",
    `  ${PROGRAM} logs @failed --context ${context}`,
    `  curl -H 'authorization: Bearer ${VIEWER}' http://${at}/raw/${PROJECT}/${run}`,
    `  grpcurl -plaintext -H 'authorization: Bearer ${VIEWER}' -d '${request}' ${at} ${LOGS_METHOD}`,
    `Then try: ${PROGRAM} runs --context ${context}`,
    "With TAFFRAIL_TOKEN=demo-outsider before either command, access is denied.",
  ];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Use a port from 0 to 65535.");
}
