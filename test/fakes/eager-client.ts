/**
 * A client over TLS in a thread of its own. It sends a second request as soon as it has the first response, even while
 * the server's thread is blocked, with its head and its body in a TLS record each. It then notifies `sent`, and posts
 * what it receives afterwards once the connection is closed.
 */
import { connect } from "node:tls";
import { parentPort, workerData } from "node:worker_threads";

export interface EagerClientData {
  readonly port: number;
  readonly ca: string;
  readonly servername: string;
  /** Size of the first response's body. */
  readonly bytes: number;
  /** One number, which becomes 1. */
  readonly sent: Int32Array;
}

const { port, ca, servername, bytes, sent } = workerData as EagerClientData;
const socket = connect({ port, host: "127.0.0.1", ca, servername }).setNoDelay().setEncoding("latin1");
let received = "";
let isSent = false;

const isWhole = (): boolean => received.length >= received.indexOf("\r\n\r\n") + 4 + bytes;
const sendSecond = (): void => {
  isSent = true;
  received = "";
  socket.write("POST /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
  socket.write("hello", () => {
    Atomics.store(sent, 0, 1);
    Atomics.notify(sent, 0);
  });
};
socket.on("data", (piece) => {
  received += piece;
  if (!isSent && received.includes("\r\n\r\n") && isWhole()) sendSecond();
});
socket.on("error", () => undefined);
socket.on("close", () => parentPort?.postMessage(received));
socket.write("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
