/**
 * The cost of reads that send little: a search through a large log over the wire, and the last lines of one.
 */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { request } from "undici";
import { AnalysisRunLogService, GetAnalysisRunLogsRequestSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { runCommand } from "../real/run-command.ts";
import { startGateway } from "../real/servers/gateway.ts";
import { writeLog } from "./corpus.ts";
import { percentile } from "./statistics.ts";
import { envelope } from "./ways.ts";

const LOG_BYTES = 2 ** 30;
const ROUNDS = 3;
const TAIL_LINES = 100n;
const URL_PATH = `/${AnalysisRunLogService.typeName}/GetAnalysisRunLogs`;
const HEADERS = { authorization: "Bearer bench-reader", "content-type": "application/connect+proto" };

type Request = MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>;

const WAYS: readonly { readonly name: string; readonly request: Request }[] = [
  { name: "all of it", request: {} },
  { name: "literal, no match", request: { grep: { pattern: "connection refused", fixed: true } } },
  { name: "literal, one line in 1,000", request: { grep: { pattern: "in 77 ms", fixed: true } } },
  { name: "`ERROR\\|FATAL`", request: { grep: { pattern: "ERROR|FATAL" } } },
  { name: "`timeout after \\d+ms`", request: { grep: { pattern: "timeout after \\d+ms" } } },
  { name: "`\\b\\d{9}\\b`", request: { grep: { pattern: "\\b\\d{9}\\b" } } },
];

export interface SearchedReadsOptions {
  readonly folder: string;
  /** The gateway, built. */
  readonly program: string;
  /** The bench's cluster, and the gateway's token for it. */
  readonly objects: readonly KubeObject[];
  readonly token: string;
}

/** Measures both on a log of 1 GiB. Returns Markdown. */
export async function measureSearchedReads(options: SearchedReadsOptions): Promise<readonly string[]> {
  const { folder, program, objects, token } = options;
  const file = join(folder, "searched.log");
  await writeLog(file, LOG_BYTES);
  const store = await startCountingStore(file);
  const cluster: MiniKubernetes = await startMiniKubernetes({ objects });
  const gateway = await startGateway({
    program,
    folder,
    config: JSON.stringify({ sources: [{ name: "files", http: { url: `${store.url}/\${{ jobName }}` } }] }),
    kubernetes: { url: cluster.url, token },
  });
  try {
    const rates = WAYS.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, way] of WAYS.entries()) rates[index]?.push(await rateOf(gateway.url, way.request, folder));
    }
    const [all = Number.NaN, ...searched] = rates.map((each) => percentile(each, 0.5));
    const before = store.sent;
    const text = await lastLines(gateway.url);
    const tail = store.sent - before;
    return [
      `## Searching ${LOG_BYTES / 2 ** 20} MiB over the wire (Connect over HTTP/1.1, median of ${ROUNDS})`,
      "",
      "| what is asked for | MB/s of the log | against all of it |",
      "| --- | ---: | ---: |",
      `| all of it | ${all.toFixed(0)} | 1.00 |`,
      ...searched.map(
        (rate, index) => `| ${WAYS[index + 1]?.name} | ${rate.toFixed(0)} | ${(rate / all).toFixed(2)} |`,
      ),
      "",
      `The last ${TAIL_LINES} lines (${text} bytes of answer): ${(tail / 1024).toFixed(0)} KiB were read from the store.`,
    ];
  } finally {
    await gateway.server.stop();
    await cluster.close();
    store.close();
    await rm(file);
  }
}

/** Reads with curl, which discards the bytes, and returns the throughput in megabytes of the log per second. */
async function rateOf(url: string, wish: Request, folder: string): Promise<number> {
  const body = join(folder, "searched-request");
  await writeFile(body, messageOf(wish));
  const args = [
    ["--silent", "--show-error", "--output", "/dev/null", "--max-time", "120", "--http1.1"],
    ["--write-out", "%{http_code} %{time_total}"],
    ...Object.entries(HEADERS).map(([name, value]) => ["--header", `${name}: ${value}`]),
    ["--data-binary", `@${body}`, url + URL_PATH],
  ].flat();
  const [status, seconds = Number.NaN] = (await runCommand("curl", args)).split(" ").map(Number);
  if (status !== 200) throw new Error(`A search ended with status ${status}.`);
  return LOG_BYTES / 1e6 / seconds;
}

/** The size in bytes of the response to a request for the last lines. */
async function lastLines(url: string): Promise<number> {
  const answer = await request(url + URL_PATH, {
    method: "POST",
    headers: HEADERS,
    body: messageOf({ tailLines: TAIL_LINES }),
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  if (bytes.includes('"error"')) throw new Error(bytes.toString().slice(-500));
  return bytes.length;
}

function messageOf(wish: Request): Uint8Array {
  const message = create(GetAnalysisRunLogsRequestSchema, {
    ...wish,
    namespace: "bench",
    name: "run",
    metricName: "large",
  } as Request);
  return envelope(toBinary(GetAnalysisRunLogsRequestSchema, message));
}

/** A store of one file that supports Range and counts the bytes that it sends. */
async function startCountingStore(file: string) {
  const { size } = await stat(file);
  let sent = 0;
  const server = createServer((incoming, response) => {
    const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(incoming.headers.range ?? "") ?? [];
    const start = from === "" ? (to === "" ? 0 : Math.max(0, size - Number(to))) : Number(from);
    const end = from === "" || to === "" ? size - 1 : Math.min(size - 1, Number(to));
    const isPart = from !== "" || to !== "";
    response.writeHead(isPart ? 206 : 200, {
      "content-type": "text/plain",
      "content-length": end - start + 1,
      ...(isPart && { "content-range": `bytes ${start}-${end}/${size}` }),
    });
    const bytes = createReadStream(file, { start, end, highWaterMark: 256 * 1024 });
    bytes.on("data", (part) => {
      sent += part.length;
    });
    response.once("close", () => bytes.destroy());
    bytes.pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return sent;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
