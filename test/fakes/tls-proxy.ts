import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { SERVER_CERTIFICATE } from "./certificates.ts";

/** A proxy on the loopback interface that ends TLS in front of a server. */
export interface TlsProxy {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts it on a free port.
 *
 * @param target the server's address.
 * @param tells whether it changes `host`, and says what it was, as `x-forwarded-host` and `x-forwarded-proto`.
 */
export async function startTlsProxy(target: string, tells: boolean): Promise<TlsProxy> {
  const { port } = new URL(target);
  const server = createServer(SERVER_CERTIFICATE, (incoming, outgoing) => {
    const { host = "" } = incoming.headers;
    const forwarded = { host: "inner", "x-forwarded-host": host, "x-forwarded-proto": "https" };
    const { url: path = "/", method = "GET" } = incoming;
    const headers = { ...incoming.headers, ...(tells && forwarded) };
    const call = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    call.on("error", () => outgoing.destroy());
    outgoing.on("close", () => call.destroy());
    incoming.pipe(call);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
