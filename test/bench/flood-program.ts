/**
 * A flood against a gateway on this machine, in a process of its own: `flood-program.ts KIND URL SIZE TOKEN`. Prints
 * `flooding` when it has begun, and ends when its stdin does, or after ten minutes.
 */
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { HealthCheckRequestSchema } from "../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflectionRequestSchema } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { envelope } from "./ways.ts";

const MAX_MS = 10 * 60_000;
/** Between two tries of what was refused. */
const RETRY_MS = 20;
/** Requests in one reflection stream: as many as the gateway accepts. */
const REFLECTIONS = 100;

const [kind = "", url = "", size = "1", token = ""] = process.argv.slice(2);
const CALLER = { authorization: `Bearer ${token}` };
const { hostname, port } = new URL(url);
if (hostname !== "127.0.0.1") throw new Error("A flood is only for a gateway on this machine.");

let isOver = false;
process.stdin.resume().once("end", () => {
  isOver = true;
  process.exit();
});
setTimeout(() => process.exit(), MAX_MS);

const floods: Readonly<Record<string, (index: number) => Promise<void>>> = {
  /** Tokens that nobody has, each once. */
  "sign-ins": async () => {
    await drain(fetch(`${url}/session`, { headers: { authorization: `Bearer ${crypto.randomUUID()}` } }));
  },
  /** Streams of reflection, each with as many requests as are allowed. */
  reflection: async () => {
    const symbol = "taffrail.v1.AnalysisRunLogService";
    const message = create(ServerReflectionRequestSchema, {
      messageRequest: { case: "fileContainingSymbol", value: symbol },
    });
    const request = envelope(toBinary(ServerReflectionRequestSchema, message));
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    await grpc(path, Buffer.concat(Array.from({ length: REFLECTIONS }, () => request)));
  },
  /** Watches of the server's health, which stay open. */
  "health-watches": async () => {
    const request = envelope(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema)));
    await grpc("/grpc.health.v1.Health/Watch", request);
  },
  /** Reads of runs of 1.45 MB, and lists with them. */
  "hostile-runs": async (index) => {
    const name = `hostile-${index % 8}`;
    const call = (method: string, body: object) =>
      drain(
        fetch(`${url}/taffrail.v1.AnalysisRunLogService/${method}`, {
          method: "POST",
          headers: { ...CALLER, "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      );
    await call("GetAnalysisRun", { namespace: "bench", name });
    await call("ListAnalysisRuns", { namespace: "bench" });
  },
  /** Readers of the logs of all containers who take nothing of them. */
  "stalled-readers": async () => {
    const body = JSON.stringify({ namespace: "bench", name: "containers", allContainers: true });
    const message = envelope(Buffer.from(body));
    const head = [
      "POST /taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs HTTP/1.1",
      `host: ${hostname}:${port}`,
      `authorization: ${CALLER.authorization}`,
      "content-type: application/connect+json",
      `content-length: ${message.length}`,
    ];
    await stalled(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), message]));
  },
};

const flood = floods[kind];
if (flood === undefined) throw new Error(`There is no flood ${kind}. There are: ${Object.keys(floods).join(", ")}.`);
console.log("flooding");
await Promise.all(Array.from({ length: Number(size) }, (_, index) => repeat(() => flood(index))));

async function repeat(act: () => Promise<void>): Promise<void> {
  while (!isOver) {
    await act().catch(() => undefined);
    // A client of one process must not take all of a core that readers need: refusals come at once.
    await pause(RETRY_MS);
  }
}

async function drain(answering: Promise<Response>): Promise<void> {
  await (await answering).arrayBuffer();
}

/** Makes a gRPC call on a connection of its own, and reads its answer to the end. */
function grpc(path: string, body: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const session = connectHttp2(url);
  const end = (): void => {
    session.destroy();
    resolve();
  };
  session.once("error", end).once("close", resolve);
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  session.request(headers).once("error", end).once("close", end).resume().end(body);
  return promise;
}

/** Sends a request and reads nothing until the server closes the connection. */
function stalled(request: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket: Socket = connect(Number(port), hostname, () => socket.write(request));
  socket.pause();
  socket.once("error", () => resolve()).once("close", () => resolve());
  return promise;
}
