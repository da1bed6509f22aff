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
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { untilStopped } from "./until-stopped.ts";

interface DemoFlags {
  readonly port: number;
  readonly cluster?: string;
}

const CONTEXT = "demo";
const PROJECT = "guestbook";
const VIEWER = "demo-viewer";
/** Ports that are tried where the wanted one is taken. */
const PORTS = 20;

/** Adds `taffrail demo`. */
export function addDemoCommand(program: Command, io: CliIo): void {
  program
    .command("demo")
    .description("Run the gateway on a small cluster and a log store of its own, to try everything.")
    .option("--port <port>", "where to listen on this machine; where it is taken, the next free one", portOf, 8080)
    .option(
      "--cluster <file>",
      `what is in the cluster, as Kubernetes objects (default: ${fileURLToPath(DEMO_CLUSTER)})`,
    )
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
  writeContext(io.env, CONTEXT, { server: gateway.url, token: VIEWER, project: PROJECT });
  for (const line of welcome(gateway, flags.port, run, io.env)) io.stdout.write(`${line}\n`);
  void page.done.then((fault) => fault && io.say(`the web page could not be built: ${fault}`));
  const stopping = new AbortController();
  // It plays in the demo's own cluster alone.
  if (flags.cluster === undefined) playDeployRun(servers.cluster, now, stopping.signal).catch(() => undefined);
  await untilStopped(() => gateway.stop());
  stopping.abort();
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
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || port >= wanted + PORTS) throw error;
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

function welcome({ port, link }: DemoGateway, wanted: number, run: string, env: NodeJS.ProcessEnv): string[] {
  const at = `127.0.0.1:${port}`;
  const moved = port === wanted || wanted === 0 ? "" : ` (port ${wanted} was taken)`;
  return [
    `Taffrail demo on http://${at}${moved}. Ctrl-C stops it. Signed in as ${VIEWER} by context "${CONTEXT}" in ${contextFilePath(env)}.`,
    `A verification of project ${PROJECT} failed. Read why, in a browser (the link signs in, once):`,
    `  ${link}`,
    "or in a second terminal, by any of:",
    `  npx taffrail logs @failed --context ${CONTEXT}`,
    `  curl -H 'authorization: Bearer ${VIEWER}' http://${at}/raw/${PROJECT}/${run}`,
    `  grpcurl -plaintext -H 'authorization: Bearer ${VIEWER}' -d '{"namespace":"${PROJECT}","name":"${run}"}' ${at} taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs`,
    `Then: npx taffrail runs --context ${CONTEXT}, and TAFFRAIL_TOKEN=demo-outsider in front of either, who may read nothing.`,
  ];
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It is not a port.");
}
