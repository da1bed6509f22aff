import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Passes connections on, and cuts what clients send first. */
export interface CuttingProxy {
  readonly port: number;
  /** Passes no more answers on over the connections that there are, without a word. Those that come later are good. */
  freeze(): void;
  /** Ends the connections that there are, without a word. Those that come later are good. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Starts one in front of a port of the loopback interface.
 *
 * @param lengths of the first pieces that it makes of what a client sends; the rest follows as it comes. Each has left
 * before the next.
 */
export async function startCuttingProxy(port: number, lengths: readonly number[]): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    }
    upstreams.add(upstream);
    upstream.once("close", () => upstreams.delete(upstream));
    upstream.pipe(client);
    passOn(client, upstream, lengths).catch(() => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      for (const upstream of upstreams) upstream.unpipe().pause();
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function passOn(client: Socket, upstream: Socket, lengths: readonly number[]): Promise<void> {
  const left = [...lengths];
  for await (const bytes of client as AsyncIterable<Buffer>) {
    for (let rest = bytes; rest.length > 0; ) {
      const piece = rest.subarray(0, left.shift());
      rest = rest.subarray(piece.length);
      await send(upstream, piece);
    }
  }
  upstream.end();
}

/** Writes a piece and lets the other side read it before anything follows: both live in this process. */
export async function send(socket: Socket, piece: string | Uint8Array): Promise<void> {
  await new Promise((resolve) => socket.write(piece, resolve));
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}
