import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { type NodeResponse, STREAM_HEADERS } from "../node-http.ts";
import { ENVELOPE_BYTES, type Protocol, type StreamEnd } from "./protocol.ts";

/** An encoded message in parts. Large parts are written without copying them. */
export type Piece = readonly Uint8Array[];

/** Up to this size, a message is copied into one buffer: that costs less than another part of a `writev`. */
const JOINED_BYTES = 16 * 1024;

/**
 * Writes messages in envelopes to a response of either HTTP version, with back-pressure.
 *
 * Small messages of the same turn of the event loop are written together: most of what a short answer costs is its
 * system calls.
 */
export class ResponseWriter {
  readonly #response: ServerResponse;
  readonly #isHttp2: boolean;
  readonly #contentType: string;
  /** Small messages that are not written yet. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #flushing: NodeJS.Immediate | undefined;
  #wake: (() => void) | undefined;
  #written = 0;

  constructor(response: NodeResponse, contentType: string) {
    // Both versions accept the same arguments, although their types differ.
    this.#response = response as ServerResponse;
    this.#isHttp2 = "stream" in response;
    this.#contentType = contentType;
  }

  /** The size of all messages so far, in bytes. */
  get written(): number {
    return this.#written;
  }

  /** Writes a message, the first one with the response's head. @returns whether the buffer has room for more. */
  write(flags: number, piece: Piece): boolean {
    let length = 0;
    for (const part of piece) length += part.length;
    this.#written += length;
    if (length <= JOINED_BYTES) this.#writeLater(flags, piece, length);
    else this.#writeParts(flags, piece, length);
    return !this.#needsDrain;
  }

  #writeLater(flags: number, piece: Piece, length: number): void {
    const joined = envelope(flags, length, length);
    let at = ENVELOPE_BYTES;
    for (const part of piece) {
      joined.set(part, at);
      at += part.length;
    }
    this.#append(joined);
    if (this.#pendingBytes > JOINED_BYTES) this.#flush();
    else this.#flushing ??= setImmediate(() => this.#flush());
  }

  #append(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #flush(): void {
    const bytes = this.#takePending();
    if (bytes === undefined || this.#response.destroyed) return;
    this.#sendHead();
    this.#response.write(bytes);
  }

  #takePending(): Uint8Array | undefined {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const pending = this.#pending;
    if (pending.length === 0) return undefined;
    const bytes = pending.length === 1 ? pending[0] : Buffer.concat(pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return bytes;
  }

  #writeParts(flags: number, piece: Piece, length: number): void {
    const response = this.#response;
    this.#flush();
    this.#sendHead();
    // Node itself corks a socket of HTTP/1.1 until the next tick. A corked response of HTTP/1.1 tells whether its own
    // buffer is full, not the socket's, and may never emit "drain": https://github.com/nodejs/node/issues/60432.
    if (this.#isHttp2) response.cork();
    const [first, ...others] = piece;
    if (first !== undefined && first.length <= JOINED_BYTES) {
      const head = envelope(flags, length, first.length);
      head.set(first, ENVELOPE_BYTES);
      response.write(head);
      for (const part of others) response.write(part);
    } else {
      response.write(envelope(flags, length, 0));
      for (const part of piece) response.write(part);
    }
    if (this.#isHttp2) response.uncork();
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
    if (end instanceof Headers) {
      this.#flush();
      this.#sendHead();
      this.#response.addTrailers(Object.fromEntries(end));
      this.#response.end();
      return;
    }
    const last = envelope(endFlag ?? 0, end.length, end.length);
    last.set(end, ENVELOPE_BYTES);
    this.#append(last);
    this.#sendHead();
    this.#response.end(this.#takePending());
  }

  /** Whether the response takes no more until its reader has taken what is there. */
  get #needsDrain(): boolean {
    return this.#isHttp2
      ? (this.#response as unknown as Http2ServerResponse).stream.writableNeedDrain
      : this.#response.writableNeedDrain;
  }

  #sendHead(): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, { "content-type": this.#contentType, ...STREAM_HEADERS });
  }
}

/** The head of a message, in a buffer with room for more bytes. */
function envelope(flags: number, length: number, room: number): Buffer {
  const bytes = Buffer.allocUnsafe(ENVELOPE_BYTES + room);
  bytes[0] = flags;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}
