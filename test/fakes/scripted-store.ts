import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What a store does with one request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A log store that does what a test tells it, path by path. */
export interface ScriptedStore {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** How many connections are open. */
  readonly connections: number;
  /** How many requests are being answered. */
  readonly answering: number;
  /** The paths of the requests that came. */
  readonly asked: readonly string[];
  /** What to do at a path. A path without it is 404. */
  answer(path: string, answer: Answer): void;
  /** Settles when as many requests are being answered as said. */
  untilAnswering(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on a free port of the loopback interface. */
export async function startScriptedStore(): Promise<ScriptedStore> {
  const answers = new Map<string, Answer>();
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  let answering = 0;
  let waiting: (() => void)[] = [];
  const change = (by: number): void => {
    answering += by;
    const told = waiting;
    waiting = [];
    for (const each of told) each();
  };

  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    response.on("error", () => {});
    response.once("close", () => change(-1));
    change(1);
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else answer(response, request);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sockets.size;
    },
    get answering() {
      return answering;
    },
    asked,
    answer: (path, answer) => void answers.set(path, answer),
    untilAnswering: async (count) => {
      while (answering !== count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}

/** Answers with a whole log, in one piece or in these. */
export function sends(
  body: string | Uint8Array | readonly Uint8Array[],
  headers: Readonly<Record<string, string>> = { "content-type": "text/plain" },
): Answer {
  return (response) => {
    response.writeHead(200, headers);
    const pieces = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
    // An empty write would end a chunked body.
    for (const piece of pieces) if (piece.length > 0) response.write(piece);
    response.end();
  };
}

/** Sends these headers and this beginning of a log, and then nothing more. */
export function sendsThenHangs(beginning: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.write(beginning);
  };
}

/** Sends this over and over, once per turn of the event loop, so that many of them at once cost little. */
export function sendsSlowly(piece: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    const write = (): void => {
      if (!response.destroyed) response.write(piece, () => setImmediate(write));
    };
    write();
  };
}

/** Says nothing. */
export const hangs: Answer = () => {};

/** Sends this beginning of a log, and resets the connection once it has left. */
export function sendsThenResets(beginning: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": "1000" });
    response.write(beginning, () => response.socket?.resetAndDestroy());
  };
}

/** Answers with a status and a page that nobody should see. */
export function refuses(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end("<!doctype html><title>vault internals</title>");
}

/** A log without an end, sent as fast as it is read. */
export interface Flood {
  readonly answer: Answer;
  /** How many bytes were handed to the connection so far. */
  readonly sent: number;
}

export function createFlood(): Flood {
  const piece = Buffer.alloc(64 * 1024, "All work and no play makes a dull log.\n");
  let sent = 0;
  return {
    get sent() {
      return sent;
    },
    answer: (response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      const write = (): void => {
        while (!response.destroyed) {
          sent += piece.length;
          if (!response.write(piece)) return;
        }
      };
      response.on("drain", write);
      write();
    },
  };
}
