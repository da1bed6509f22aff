import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import { WRONG_CERTIFICATE } from "./wrong-certificate.ts";

/** A log store that misbehaves in every way. */
export interface HostileStore {
  /** Its URL, without a path. */
  readonly origin: string;
  /** The heads of the requests, as text. */
  readonly requests: readonly string[];
  /** The number of connections that it has ever accepted. */
  readonly accepted: number;
  /** Settles once it has received a request. */
  asked(): Promise<void>;
  /** Settles when no connection is open. */
  abandoned(): Promise<void>;
  /** Sends something on every open connection. */
  send(bytes: string | Uint8Array): void;
  /** Ends every open connection cleanly. */
  end(): void;
  /** Resets every open connection. */
  reset(): void;
  close(): Promise<void>;
}

/** The log at well-behaved paths. */
export const LOG = "first line\nsecond line\n";
const PAGE = "<!doctype html><title>Sign in</title>";

const answer = (status: string, headers: readonly string[], body: string | Uint8Array = ""): Buffer =>
  Buffer.concat([
    Buffer.from([`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...headers, "", ""].join("\r\n")),
    Buffer.from(body as string),
  ]);
const head = (...headers: string[]): string => ["HTTP/1.1 200 OK", ...headers, "", ""].join("\r\n");
const redirect = (status: number, location: string) => answer(`${status} Moved`, [`Location: ${location}`], "moved");

/** Its answers by path. Where a connection must break, the test decides when. */
const ANSWERS: Readonly<Record<string, (origin: string) => string | Uint8Array>> = {
  "/log": () => answer("200 OK", ["Content-Type: text/plain; charset=utf-8"], LOG),
  "/quoted-charset": () => answer("200 OK", ['content-type: Text/Plain;x="; charset=no"; CharSet="ISO-8859-1"'], LOG),
  "/odd-type": () => answer("200 OK", ["Content-Type: ,,"], LOG),
  "/empty": () => "HTTP/1.1 204 No Content\r\n\r\n",
  "/moved-elsewhere": () => redirect(301, "http://127.0.0.2:1/secret-place"),
  "/moved-to-other-scheme": (origin) => redirect(302, `${origin.replace("http:", "https:")}/log`),
  "/moved-nowhere": () => answer("302 Found", []),
  "/moved-here": () => redirect(301, "/log"),
  "/moved-here-with-a-host": (origin) => redirect(308, `${origin}/log`),
  "/loop": () => redirect(307, "/loop"),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((n) => [`/hop-${n}`, () => redirect(302, n === 1 ? "/log" : `hop-${n - 1}`)]),
  ),
  "/sign-in": () => answer("401 Unauthorized", ["WWW-Authenticate: Basic"], PAGE),
  "/forbidden": () => answer("403 Forbidden", [], PAGE),
  "/missing": () => answer("404 Not Found", [], PAGE),
  "/gone": () => answer("410 Gone", []),
  "/teapot": () => answer("418 I'm a teapot", []),
  "/partial": () => answer("206 Partial Content", [], LOG),
  "/busy": () => answer("429 Too Many Requests", []),
  "/broken": () => answer("500 Internal Server Error", [], PAGE),
  "/down": () => answer("503 Service Unavailable", []),
  "/endless-error": () => "HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\nwait",
  "/silent": () => "",
  "/not-http": () => "SSH-2.0-OpenSSH_9.6\r\n",
  "/half": () => head("Content-Length: 100") + LOG,
  "/half-then-close": () => head("Content-Length: 100", "Connection: close") + LOG,
  "/chunked": () => `${head("Transfer-Encoding: chunked")}17\r\n${LOG}\r\n`,
  "/undelimited": () => head("Connection: close") + LOG,
  "/gzip-unsaid": () => answer("200 OK", [], gzipSync(LOG)),
  "/gzip-said": () => answer("200 OK", ["Content-Encoding: gzip"], gzipSync(LOG)),
  "/gzip-cut": () => answer("200 OK", [], gzipSync(LOG).subarray(0, -6)),
  "/brotli": () => answer("200 OK", ["Content-Encoding: br"], "?"),
  "/gzip-twice": () => answer("200 OK", ["Content-Encoding: gzip, gzip"], "?"),
  "/gzip-twice-in-two-headers": () => answer("200 OK", ["Content-Encoding: gzip", "Content-Encoding: gzip"], "?"),
  "/transferred-until-the-end": () => `${head("Transfer-Encoding: gzip", "Connection: close")}${LOG}`,
  "/page": () => answer("200 OK", ["Content-Type: text/html"], PAGE),
  "/xml-error": () => answer("200 OK", ["Content-Type: application/xml"], "<Error><Code>NoSuchKey</Code></Error>"),
  "/gzip-damaged": () => answer("200 OK", [], Buffer.concat([gzipSync("").subarray(0, 10), Buffer.alloc(40, 0xff)])),
};

/** Starts the store on a free port of the loopback interface. */
export async function startHostileStore({ tls = false }: { readonly tls?: boolean } = {}): Promise<HostileStore> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let accepted = 0;
  let waiting: (() => void)[] = [];
  const tell = (): void => {
    const told = waiting;
    waiting = [];
    for (const each of told) each();
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const serve = (socket: Socket): void => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      tell();
    });
    let text = "";
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        requests.push(request);
        const path = request.split(" ")[1]?.split("?")[0] ?? "";
        socket.write(ANSWERS[path]?.(origin) ?? answer("404 Not Found", []));
        tell();
      }
    });
  };
  const server = tls ? createTlsServer(WRONG_CERTIFICATE, serve) : createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const origin = `${tls ? "https" : "http"}://127.0.0.1:${port}`;
  return {
    origin,
    requests,
    get accepted() {
      return accepted;
    },
    asked: () => until(() => requests.length > 0),
    abandoned: () => until(() => sockets.size === 0),
    send: (bytes) => {
      for (const socket of sockets) socket.write(bytes);
    },
    end: () => {
      for (const socket of sockets) socket.end();
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
