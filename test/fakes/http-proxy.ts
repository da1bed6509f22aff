import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { TestCertificate } from "./certificates.ts";

/** An HTTP proxy that resolves every name to this machine. */
export interface HttpProxy {
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string;
  /** The requests: `CONNECT host:port` or `GET http://host:port/path`. */
  readonly asked: readonly string[];
  /** The credentials of each request. */
  readonly credentials: readonly (string | undefined)[];
  /** The response to `CONNECT`. Unless it is 200, nothing is forwarded. Empty: no response. */
  verdict: string;
  /** Settles once it has received a request. */
  wasAsked(): Promise<void>;
  /** Settles when no connection to it is open. */
  abandoned(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the proxy on a free port of the loopback interface. */
export async function startHttpProxy(certificate?: TestCertificate): Promise<HttpProxy> {
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const waiting: (() => void)[] = [];
  const tell = (): void => {
    for (const each of waiting.splice(0)) each();
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const note = ({ method, url, headers }: IncomingMessage): void => {
    asked.push(`${method} ${url}`);
    credentials.push(headers["proxy-authorization"]);
    tell();
  };

  const server = certificate === undefined ? createServer() : createTlsServer(certificate);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      sockets.delete(socket);
      tell();
    });
  });
  server.on("request", (request, response) => {
    note(request);
    const { port, pathname, search } = new URL(request.url ?? "");
    const { "proxy-authorization": _, ...headers } = request.headers;
    forward({ host: "127.0.0.1", port, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on("connect", (request, client) => {
    note(request);
    // The server's sockets stay half-open until it ends them.
    client.once("end", () => client.end());
    if (proxy.verdict === "") return void client.resume();
    client.write(`HTTP/1.1 ${proxy.verdict}\r\nX-Proxy: yes\r\n\r\n`);
    if (!proxy.verdict.startsWith("200")) return void client.end();
    const upstream = connect({ host: "127.0.0.1", port: Number(request.url?.split(":").at(-1)) });
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.pipe(upstream).pipe(client);
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const proxy: HttpProxy = {
    url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    credentials,
    verdict: "200 OK",
    wasAsked: () => until(() => asked.length > 0),
    abandoned: () => until(() => sockets.size === 0),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
