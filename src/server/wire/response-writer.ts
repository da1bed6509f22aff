import type { ServerResponse } from "node:http";
import type { NodeResponse } from "../node-http.ts";
import { ENVELOPE_BYTES, type Protocol, type StreamEnd } from "./protocol.ts";

/** An encoded message in parts. Large parts are written without copying them. */
export type Piece = readonly Uint8Array[];

/** Up to this size, a message is copied into one buffer: that costs less than another part of a `writev`. */
const JOINED_BYTES = 16 * 1024;

/** Writes messages in envelopes to a response of either HTTP version, with back-pressure. */
export class ResponseWriter {
  readonly #response: ServerResponse;
  readonly #isHttp2: boolean;
  readonly #contentType: string;
  #wake: (() => void) | undefined;

  constructor(response: NodeResponse, contentType: string) {
    // Both versions accept the same arguments, although their types differ.
    this.#response = response as ServerResponse;
    this.#isHttp2 = "stream" in response;
    this.#contentType = contentType;
  }

  /** Writes a message, the first one with the response's head. @returns whether the buffer has room for more. */
  write(flags: number, piece: Piece): boolean {
    const response = this.#response;
    this.#sendHead();
    let length = 0;
    for (const part of piece) length += part.length;
    if (length <= JOINED_BYTES) {
      const joined = envelope(flags, length, length);
      let at = ENVELOPE_BYTES;
      for (const part of piece) {
        joined.set(part, at);
        at += part.length;
      }
      return response.write(joined);
    }
    // Node itself corks a socket of HTTP/1.1 until the next tick. A corked response of HTTP/1.1 returns from write()
    // whether its own buffer is full, not the socket's, and may never emit "drain".
    if (this.#isHttp2) response.cork();
    const [first, ...others] = piece;
    let more = true;
    if (first !== undefined && first.length <= JOINED_BYTES) {
      const head = envelope(flags, length, first.length);
      head.set(first, ENVELOPE_BYTES);
      more = response.write(head);
      for (const part of others) more = response.write(part);
    } else {
      more = response.write(envelope(flags, length, 0));
      for (const part of piece) more = response.write(part);
    }
    if (this.#isHttp2) response.uncork();
    return more;
  }

  /** Resolves when the buffer has drained, the response is closed or {@link wake} is called. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wake = undefined;
        this.#response.off("drain", done).off("close", done);
        resolve();
      };
      this.#wake = done;
      this.#response.on("drain", done).on("close", done);
    });
  }

  /** Resolves {@link drained} early. */
  wake(): void {
    this.#wake?.();
  }

  /** Ends the response as the protocol requires. */
  end({ endFlag }: Protocol, end: StreamEnd): void {
    this.#sendHead();
    if (end instanceof Headers) {
      this.#response.addTrailers(Object.fromEntries(end));
      this.#response.end();
    } else {
      const bytes = envelope(endFlag ?? 0, end.length, end.length);
      bytes.set(end, ENVELOPE_BYTES);
      this.#response.end(bytes);
    }
  }

  #sendHead(): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, { "content-type": this.#contentType });
  }
}

/** The head of a message, in a buffer with room for more bytes. */
function envelope(flags: number, length: number, room: number): Buffer {
  const bytes = Buffer.allocUnsafe(ENVELOPE_BYTES + room);
  bytes[0] = flags;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}
