import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sendBody } from "./body.ts";
import { createLogFiles, type LogFilesOptions } from "./log-files.ts";

/** The token that the store requires. Only the gateway has it: no user needs it. */
export const STORE_TOKEN = "demo-store-token";

export interface LogStoreOptions extends LogFilesOptions {
  /** Default 0: any free port. */
  readonly port?: number;
}

/** A running store. */
export interface LogStore {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Closes all connections. */
  close(): Promise<void>;
}

/**
 * Starts a log store on the loopback address: `/logs/PROJECT/JOB/CONTAINER.log` with the {@link STORE_TOKEN}, and
 * `/reports/PROJECT/JOB/report.html` for everybody. It does not support ranges.
 */
export async function startLogStore(options: LogStoreOptions): Promise<LogStore> {
  const { port = 0 } = options;
  const files = createLogFiles(options);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "method not allowed");
    const path = new URL(request.url ?? "/", "http://store").pathname;
    const isLog = path.startsWith("/logs/");
    if (isLog && request.headers.authorization !== `Bearer ${STORE_TOKEN}`) return refuse(response, 401, "no token");
    const body = await files.find(path);
    if (body === undefined) return refuse(response, 404, "not found");

    response.writeHead(200, {
      "content-type": `${isLog ? "text/plain" : "text/html"}; charset=utf-8`,
      "content-length": body.length,
      etag: `"${body.etag}"`,
    });
    if (request.method === "HEAD") return void response.end();
    await sendBody(response, body);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      // The reader has disconnected, or a file could not be read: either way this response has ended.
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${why}\n`);
}
