import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { TestCertificate } from "./certificates.ts";

/** An HTTP proxy for which every name is this machine. */
export interface HttpProxy {
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string;
  /** What it was asked: `CONNECT host:port` or `GET http://host:port/path`. */
  readonly asked: readonly string[];
  /** The credentials that came with it. */
  readonly credentials: readonly (string | undefined)[];
  /** What it answers to `CONNECT`; where it is not 200, it passes nothing on. Empty: it says nothing at all. */
  verdict: string;
  /** Settles when it has been asked something. */
  wasAsked(): Promise<void>;
  /** Settles when no connection to it is open. */
  abandoned(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on a free port of the loopback interface. */
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
    // Sockets of this server stay open on its side until it ends them.
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
