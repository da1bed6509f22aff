import { once } from "node:events";
import { request as requestH1 } from "node:http";
import { connect as connectH2 } from "node:http2";
import { connect } from "node:net";

export interface HttpRequest {
  /** The path as it is sent. */
  readonly path: string;
  /** Default: GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the body is complete by the rules of this version of HTTP. */
  readonly whole: boolean;
}

/** A version of HTTP, and a function that sends one request over its own connection. */
export interface HttpVersion {
  readonly version: string;
  ask(port: number, request: HttpRequest): Promise<HttpAnswer>;
}

/** The versions that the cleartext port supports. */
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

/** The body ends with the connection, so only a reset shows that it was cut. */
async function askHttp10(port: number, { path, method = "GET", headers = {} }: HttpRequest): Promise<HttpAnswer> {
  const pieces: Buffer[] = [];
  const socket = connect({
    port,
    host: "127.0.0.1",
    // A small buffer forces another read after the last bytes: otherwise Node takes a reset that arrives with them for
    // an end.
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
    // This error is the only sign from Node's HTTP/1.1 client that a body was cut.
    stream.once("aborted", () => resolve(new Error("aborted")));
  });
  return { body: Buffer.concat(pieces), error };
}
