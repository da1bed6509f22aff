import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { HttpProxy } from "./http-proxy.ts";

/**
 * Starts a SOCKS proxy without authentication (RFC 1928) on a free port of the loopback interface. Its requests are
 * noted as `CONNECT host:port`.
 */
export async function startSocksProxy(): Promise<Pick<HttpProxy, "url" | "asked" | "close">> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    await once(socket, "data");
    socket.write(Buffer.from([5, 0]));
    const [request] = (await once(socket, "data")) as [Buffer];
    const isName = request[3] === 3;
    const end = isName ? 5 + (request[4] ?? 0) : 8;
    const host = isName ? request.toString("latin1", 5, end) : request.subarray(4, end).join(".");
    const port = request.readUInt16BE(end);
    asked.push(`CONNECT ${host}:${port}`);
    const upstream = connect(port, host, () => socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
    upstream.on("error", () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
    socket.once("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
