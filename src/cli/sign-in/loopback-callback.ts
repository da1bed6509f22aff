import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CliError, EXIT } from "../exit.ts";

/** How long a response may take to be sent when the server is closed, in milliseconds. */
const LINGER_MS = 1_000;
/** The path that Kargo's command line uses: a client that is registered for it works for both. */
const PATH = "/auth/callback";
/** How many free ports to try until one is free on both addresses. */
const MAX_PORTS = 10;

/** The provider's answer, which the browser brought. */
export interface CallbackAnswer {
  /** Of its address, with the question mark. */
  readonly query: string;
  /** Tells the user in the browser how it ended. */
  respond(status: number, text: string): void;
}

/** Listens on the loopback interface for the provider's answer. */
export interface LoopbackCallback {
  readonly redirectUri: string;
  /** The first answer with the right state. */
  readonly answer: Promise<CallbackAnswer>;
  close(): void;
}

/**
 * Starts to listen.
 *
 * @param port 0: a free one.
 * @param state of the answer that is waited for. Others belong to another sign-in, or were made up by some page.
 * @param onOther called when such an answer arrives.
 * @throws CliError if the port is in use.
 */
export async function startLoopbackCallback(
  port: number,
  state: string,
  onOther: () => void,
): Promise<LoopbackCallback> {
  const { promise, resolve } = Promise.withResolvers<CallbackAnswer>();
  let isAnswered = false;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const url = URL.parse(request.url ?? "", "http://localhost");
    // Another name for this address is that of a page that tries to read what is here.
    const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.headers.host ?? "");
    if (url?.pathname !== PATH || url.hostname !== "localhost" || !isLocal) respond(response, 404, "Not found.");
    else if (request.method !== "GET") respond(response, 405, "Only GET is supported.");
    else if (url.searchParams.get("state") !== state) {
      onOther();
      respond(response, 400, "This answer belongs to another sign-in. Open the link in the terminal again.");
    } else if (isAnswered) respond(response, 409, "This answer has been used already.");
    else {
      isAnswered = true;
      resolve({ query: url.search, respond: (status, text) => respond(response, status, text) });
    }
  };
  const { servers, port: bound } = await listenOnLoopback(port, serve);
  const redirectUri = `http://localhost:${bound}${PATH}`;
  return {
    redirectUri,
    answer: promise,
    close() {
      for (const server of servers) {
        server.close();
        server.closeIdleConnections();
        // Browsers open connections on which they never ask for anything.
        setTimeout(() => server.closeAllConnections(), LINGER_MS).unref();
      }
    },
  };
}

/** On both addresses that `localhost` stands for: browsers differ in which one they choose. */
async function listenOnLoopback(
  port: number,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly servers: readonly Server[]; readonly port: number }> {
  for (let tries = 1; ; tries += 1) {
    const four = createServer(serve);
    const six = createServer(serve);
    try {
      await listen(four, port, "127.0.0.1");
      const bound = (four.address() as AddressInfo).port;
      const hasSix = await listen(six, bound, "::1").then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === "EADDRINUSE") throw error;
          // This computer has no IPv6.
          return false;
        },
      );
      return { servers: hasSix ? [four, six] : [four], port: bound };
    } catch (error) {
      four.close();
      const { code } = error as NodeJS.ErrnoException;
      if (port === 0 && code === "EADDRINUSE" && tries < MAX_PORTS) continue;
      throw new CliError(EXIT.other, `cannot listen on port ${port} of this computer (${code})`, [
        "try     taffrail login --port PORT with another one, if your identity provider allows it",
        "        taffrail login --device, which needs none",
      ]);
    }
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
}

function respond(response: ServerResponse, status: number, text: string): void {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'",
    "cache-control": "no-store",
    // The address in the browser's history holds the code, which has been used.
    "referrer-policy": "no-referrer",
    connection: "close",
  };
  response
    .writeHead(status, headers)
    .end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Taffrail</title><p>${text}</p></html>\n`);
}
