import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** How a store answers a request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A log store whose answer for each path is set by the test. */
export interface ScriptedStore {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The number of open connections. */
  readonly connections: number;
  /** The number of requests in progress. */
  readonly answering: number;
  /** The requested paths. */
  readonly asked: readonly string[];
  /** Sets the answer for a path. Default: 404. */
  answer(path: string, answer: Answer): void;
  /** Settles when this many requests are in progress. */
  untilAnswering(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts the store on a free port of the loopback interface. */
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

/** Sends these headers and this beginning of a log, then nothing. */
export function sendsThenHangs(beginning: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.write(beginning);
  };
}

/** Sends this repeatedly, once per iteration of the event loop, so that many of these in parallel cost little. */
export function sendsSlowly(piece: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    const write = (): void => {
      if (!response.destroyed) response.write(piece, () => setImmediate(write));
    };
    write();
  };
}

/** Never answers. */
export const hangs: Answer = () => {};

/** Sends this beginning of a log, and then resets the connection. */
export function sendsThenResets(beginning: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": "1000" });
    response.write(beginning, () => response.socket?.resetAndDestroy());
  };
}

/** Answers with a status and a page that must not reach a caller. */
export function refuses(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end("<!doctype html><title>vault internals</title>");
}

/** Answers with a log of so many bytes, sent as fast as it is read, so that many of these in parallel cost little. */
export function sendsMuch(bytes: number, onSent: (bytes: number) => void = () => {}): Answer {
  const piece = Buffer.alloc(64 * 1024, "All work and no play makes a dull log.\n");
  return (response) => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": bytes });
    let left = bytes;
    const write = (): void => {
      while (left > 0 && !response.destroyed) {
        const part = piece.subarray(0, left);
        left -= part.length;
        onSent(part.length);
        if (!response.write(part)) return;
      }
      response.end();
    };
    response.on("drain", write);
    write();
  };
}

/** An endless log, sent as fast as it is read. */
export interface Flood {
  readonly answer: Answer;
  /** The bytes written to the connection so far. */
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
