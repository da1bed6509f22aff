import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection on which a test says what it likes. */
export interface RawSocket {
  readonly socket: Socket;
  /** All that came so far. */
  readonly received: Buffer;
  /** Writes; settles when it has left, or cannot. */
  say(bytes: string | Uint8Array): Promise<void>;
  /** Settles when the server has ended the connection, with all that came. */
  ended(): Promise<Buffer>;
  /** Settles when what came so far passes. @throws Error when the connection ends before. */
  until(test: (received: Buffer) => boolean): Promise<void>;
}

/** Opens one. */
export async function openRaw(port: number): Promise<RawSocket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const pieces: Buffer[] = [];
  let over = false;
  const end = (): void => {
    over = true;
  };
  // A reset is an end too.
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
