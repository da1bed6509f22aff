import { once } from "node:events";
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";

/** An API server whose answers are set by the test. */
export interface ApiServer {
  /** Its URL, without a path. */
  readonly url: string;
  /** The requests as `GET /path`, in order. */
  readonly requests: readonly string[];
  /** The number of connections that it has ever accepted. */
  readonly accepted: number;
  /** Settles when no connection is open. */
  abandoned(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the server on a free port of the loopback interface. */
export async function startApiServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  tls?: ServerOptions,
): Promise<ApiServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  let waiting: (() => void)[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on("connection", (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const tell of waiting) tell();
      waiting = [];
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get accepted() {
      return accepted;
    },
    abandoned: async () => {
      if (sockets.size > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Forwards a request to another server, and its response back. */
export function passOn(to: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url } = request;
  const onward = forward(new URL(url ?? "/", to), { ...(method && { method }), headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    // What breaks there breaks here.
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}
