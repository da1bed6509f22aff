import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy that breaks connections after a number of response bytes. */
export interface BreakingProxy {
  readonly port: number;
  /** The number of connections that it has broken. */
  readonly broken: number;
  /** Forwards later connections to another port: a restarted server, another replica. */
  moveTo(port: number): void;
  /** Breaks all current connections. */
  breakNow(): void;
  close(): Promise<void>;
}

/**
 * Starts the proxy in front of a port of the loopback interface.
 *
 * @param lengths the response bytes after which each connection, in turn, is cut. Later connections are not cut.
 */
export async function startBreakingProxy(port: number, lengths: readonly number[]): Promise<BreakingProxy> {
  const sockets = new Set<Socket>();
  const left = [...lengths];
  let target = port;
  let broken = 0;
  const server = createServer((client) => {
    const upstream = connect({ port: target, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    }
    client.pipe(upstream);
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    let room = left.shift() ?? Number.POSITIVE_INFINITY;
    upstream.on("data", (bytes: Buffer) => {
      const piece = bytes.subarray(0, room);
      room -= piece.length;
      if (room > 0) {
        client.write(piece);
        return;
      }
      if (client.destroyed || client.writableEnded) return;
      broken += 1;
      // Ends the connection rather than resetting it: a reset could discard what was forwarded.
      client.end(piece, () => client.destroy());
      upstream.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get broken() {
      return broken;
    },
    moveTo: (other) => {
      target = other;
    },
    breakNow: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
