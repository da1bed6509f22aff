import { once } from "node:events";
import { request as requestH1 } from "node:http";
import { connect as connectH2 } from "node:http2";
import { connect } from "node:net";

export interface HttpRequest {
  /** As it goes over the wire. */
  readonly path: string;
  /** Default: GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the body came to an end that this version of HTTP takes for whole. */
  readonly whole: boolean;
}

/** A version of HTTP, and one request by it over a connection of its own. */
export interface HttpVersion {
  readonly version: string;
  ask(port: number, request: HttpRequest): Promise<HttpAnswer>;
}

/** Those that the cleartext port speaks. */
export const HTTP_VERSIONS: readonly HttpVersion[] = [
  { version: "HTTP/1.1", ask: askHttp11 },
  { version: "HTTP/1.0", ask: askHttp10 },
  { version: "HTTP/2", ask: askHttp2 },
];

async function askHttp11(port: number, { path, method = "GET", headers = {} }: HttpRequest): Promise<HttpAnswer> {
  const request = requestH1({ host: "127.0.0.1", port, path, method, headers, agent: false });
  request.end();
  const [response] = await once(request, "response");
  const { body, error } = await bodyOf(response);
  return {
    status: response.statusCode,
    headers: response.headers,
    body: body.toString("utf8"),
    whole: response.complete && error === undefined,
  };
}

/** The body ends where the connection does: all that tells a cut one is that the connection was reset. */
async function askHttp10(port: number, { path, method = "GET", headers = {} }: HttpRequest): Promise<HttpAnswer> {
  const pieces: Buffer[] = [];
  const socket = connect({
    port,
    host: "127.0.0.1",
    // A read that fills its buffer is followed by another: Node takes a reset that comes with the last bytes for an end
    // otherwise.
    onread: {
      buffer: Buffer.alloc(1),
      callback: (_length, byte) => {
        pieces.push(Buffer.from(byte));
        return true;
      },
    },
  });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write([`${method} ${path} HTTP/1.0`, ...lines, "", ""].join("\r\n"));
  const error = await new Promise((resolve) => socket.once("error", resolve).once("close", () => resolve(undefined)));
  const body = Buffer.concat(pieces);
  const end = body.indexOf("\r\n\r\n");
  const [first = "", ...rest] = body.toString("latin1", 0, end).split("\r\n");
  return {
    status: Number(first.split(" ")[1]),
    headers: Object.fromEntries(rest.map((line) => [line.split(": ")[0]?.toLowerCase(), line.replace(/^[^:]*: /, "")])),
    body: body.toString("utf8", end + 4),
    whole: error === undefined,
  };
}

async function askHttp2(port: number, { path, method = "GET", headers = {} }: HttpRequest): Promise<HttpAnswer> {
  const session = connectH2(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({ ":path": path, ":method": method, ...headers });
    const [answer] = await once(stream, "response");
    const { body, error } = await bodyOf(stream);
    return {
      status: answer[":status"],
      headers: answer,
      body: body.toString("utf8"),
      whole: stream.rstCode === 0 && error === undefined,
    };
  } finally {
    session.destroy();
  }
}

async function bodyOf(stream: NodeJS.ReadableStream): Promise<{ readonly body: Buffer; readonly error: unknown }> {
  const pieces: Buffer[] = [];
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  const error = await new Promise((resolve) => {
    stream.once("error", resolve).once("end", () => resolve(undefined));
    // Node's HTTP/1.1 client says so, and nothing else, where a body is cut.
    stream.once("aborted", () => resolve(new Error("aborted")));
  });
  return { body: Buffer.concat(pieces), error };
}
