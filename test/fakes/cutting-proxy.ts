import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy that splits the first bytes that clients send. */
export interface CuttingProxy {
  readonly port: number;
  /** Silently drops all responses on the current connections. Later connections work. */
  freeze(): void;
  /** Resets the current connections. Later connections work. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Starts the proxy in front of a port of the loopback interface.
 *
 * @param lengths of the first pieces that a client's bytes are split into, each sent before the next. The rest is
 * forwarded unchanged.
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

/** Writes a piece, and lets the other side, in this process, read it before anything follows. */
export async function send(socket: Socket, piece: string | Uint8Array): Promise<void> {
  await new Promise((resolve) => socket.write(piece, resolve));
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}
