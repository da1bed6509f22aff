import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

/** A server on a port of the loopback interface. */
export interface RunningServer {
  readonly port: number;
  /** Breaks its connections and accepts no more. */
  stop(): Promise<void>;
}

/** Serves a script over HTTP/1.1, or over HTTP/2 without TLS. */
export async function serveScript(routes: (router: ConnectRouter) => void, http2 = false): Promise<RunningServer> {
  const handler = connectNodeAdapter({ routes });
  const server = http2 ? createHttp2Server(handler) : createServer(handler);
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}
