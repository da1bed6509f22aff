import type { Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import { Failure } from "../failure.ts";
import { connectError, reportFailure } from "../rpc/errors.ts";

/** How long the rest of a request is still received: its client would lose the answer with the connection. */
const LINGER_MS = 1_000;

/**
 * Answers HTTP/1.1 requests that cannot be parsed with the same statuses as Node. Its own answer to headers that are too
 * large has no body, so nobody would find the cause: a long token. Failed TLS handshakes come here, too.
 *
 * @param headerBytes the maximum size of a request's headers.
 */
export function answerUnparsable(server: Server, headerBytes: number): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Part of another response may have been sent already.
    const { _httpMessage: current } = socket as { _httpMessage?: ServerResponse };
    if (!socket.writable || current?.headersSent === true) {
      if (!socket.writableEnded) socket.destroy(error);
    } else if (error.code === "HPE_HEADER_OVERFLOW") {
      socket.end(refusalOfHeaders(headerBytes));
      const timer = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once("close", () => clearTimeout(timer));
    } else {
      socket.write(`HTTP/1.1 ${STATUSES.get(error.code ?? "") ?? "400 Bad Request"}\r\nconnection: close\r\n\r\n`);
      socket.destroy(error);
    }
  });
}

const STATUSES: ReadonlyMap<string, string> = new Map([
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Payload Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/** A response for clients of every protocol: Connect reads the body, gRPC-Web the headers. */
function refusalOfHeaders(headerBytes: number): string {
  const message = `The headers of the request are larger than ${headerBytes / 1024} KiB, most likely because of its token.`;
  const failure = new Failure("bad-request", "HEADERS_TOO_LARGE", message, {
    next: "Have your identity provider leave claims out of the token: often it lists very many groups.",
  });
  const error = connectError(reportFailure(failure));
  const body = JSON.stringify(errorToJson(error, undefined));
  return [
    "HTTP/1.1 431 Request Header Fields Too Large",
    "connection: close",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `grpc-status: ${error.code}`,
    `grpc-message: ${encodeURIComponent(error.rawMessage)}`,
    "",
    body,
  ].join("\r\n");
}
