import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection on which a test writes any bytes. */
export interface RawSocket {
  readonly socket: Socket;
  /** Everything received so far. */
  readonly received: Buffer;
  /** Writes, and settles when the bytes are sent or the write has failed. */
  say(bytes: string | Uint8Array): Promise<void>;
  /** Settles with everything received when the server has ended the connection. */
  ended(): Promise<Buffer>;
  /** Settles when what was received satisfies `test`. @throws Error when the connection ends before. */
  until(test: (received: Buffer) => boolean): Promise<void>;
}

/** Opens a connection. */
export async function openRaw(port: number): Promise<RawSocket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const pieces: Buffer[] = [];
  let over = false;
  const end = (): void => {
    over = true;
  };
  // A reset counts as the end too.
  socket.on("error", () => {});
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.once("end", end).once("close", end);
  await once(socket, "connect");
  const received = (): Buffer => Buffer.concat(pieces);
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        socket.off("data", done).off("end", done).off("close", done);
        resolve();
      };
      socket.on("data", done).on("end", done).on("close", done);
    });
  return {
    socket,
    get received() {
      return received();
    },
    say: (bytes) => new Promise((resolve) => void socket.write(bytes, () => resolve())),
    async ended() {
      while (!over) await change();
      return received();
    },
    async until(test) {
      while (!test(received())) {
        if (over) throw new Error(`The connection ended after ${JSON.stringify(received().toString("latin1"))}`);
        await change();
      }
    },
  };
}
