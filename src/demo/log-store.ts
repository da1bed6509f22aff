import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Clock, systemClock } from "../clock.ts";
import type { Body } from "./body.ts";
import { growingLog } from "./growing-log.ts";
import { largeLog } from "./large-log.ts";
import { readStaticFile } from "./static-file.ts";

/** What the store wants to see before it gives a log away. Only the gateway has it: no user needs it. */
export const STORE_TOKEN = "demo-store-token";

export interface LogStoreOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** When the demo was started: the same moment as the one that the objects' times are counted from. */
  readonly now: Date;
  /** Tells how much of the growing log there is. Default: the system's clock. */
  readonly clock?: Clock;
  /** The folder that holds `logs/` and `reports/`, ending with a slash. Default: the demo's own. */
  readonly files?: URL;
  /** Bodies that are made rather than read, by path. Default: the demo's growing log and its large one. */
  readonly made?: ReadonlyMap<string, (start: number, now: number) => Body>;
}

/** A running store. */
export interface LogStore {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

const MADE: NonNullable<LogStoreOptions["made"]> = new Map([
  ["/logs/guestbook/0ce8fcc9-45ac-46b9-820d-bc210f8a7abf.soak.1/soak.log", growingLog],
  ["/logs/guestbook/a398d022-d435-4df4-8322-905089933837.load.1/load.log", largeLog],
]);

const SEGMENT = "[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?";
const LOG = new RegExp(`^/logs/${SEGMENT}/${SEGMENT}/${SEGMENT}\\.log$`);
const REPORT = new RegExp(`^/reports/${SEGMENT}/${SEGMENT}/report\\.html$`);

/**
 * Starts a log store on the loopback address: `/logs/PROJECT/JOB/CONTAINER.log` for who has the {@link STORE_TOKEN}, and
 * `/reports/PROJECT/JOB/report.html` for everybody. It knows no ranges.
 */
export async function startLogStore(options: LogStoreOptions): Promise<LogStore> {
  const { port = 0, now, clock = systemClock, made = MADE, files = new URL("./", import.meta.url) } = options;

  const find = async (path: string): Promise<Body | undefined> => {
    if (!LOG.test(path) && !REPORT.test(path)) return undefined;
    return made.get(path)?.(now.getTime(), clock.now()) ?? (await readStaticFile(new URL(`.${path}`, files)));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "method not allowed");
    const path = new URL(request.url ?? "/", "http://store").pathname;
    const isLog = path.startsWith("/logs/");
    if (isLog && request.headers.authorization !== `Bearer ${STORE_TOKEN}`) return refuse(response, 401, "no token");
    const body = await find(path);
    if (body === undefined) return refuse(response, 404, "not found");

    response.writeHead(200, {
      "content-type": `${isLog ? "text/plain" : "text/html"}; charset=utf-8`,
      "content-length": body.length,
      etag: `"${body.etag}"`,
    });
    if (request.method === "HEAD") return void response.end();
    // A pull at a time: the generator rests while the reader does.
    await pipeline(Readable.from(body.chunks(), { highWaterMark: 1 }), response);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      // The reader has left, or a file could not be read: either way this answer is over.
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
