import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Passes connections on, and breaks them after some bytes of the answer. */
export interface BreakingProxy {
  readonly port: number;
  /** How many connections it has broken. */
  readonly broken: number;
  /** Passes on to another port from the next connection on: a server that was restarted, another replica. */
  moveTo(port: number): void;
  /** Breaks all connections that there are. */
  breakNow(): void;
  close(): Promise<void>;
}

/**
 * Starts one in front of a port of the loopback interface.
 *
 * @param lengths how many bytes of the answer each connection, in turn, may bring before it is reset; the ones after
 * those are left alone.
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
      // What was passed on arrives before the connection ends: a reset could take it along.
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
