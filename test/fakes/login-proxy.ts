import { once } from "node:events";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that replaces responses by its own login page when the test requests it. */
export interface LoginProxy {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Whether API calls get the login page. Default: false. */
  wantsLogin: boolean;
  close(): Promise<void>;
}

/** Starts the proxy in front of a server. */
export async function startLoginProxy(to: string): Promise<LoginProxy> {
  const server = createServer((request, response) => {
    const { method, headers, url = "/" } = request;
    if (proxy.wantsLogin && method === "POST") {
      response
        .writeHead(200, { "content-type": "text/html" })
        .end("<!doctype html><title>Sign in to the network</title>");
      return;
    }
    const onward = forward(new URL(url, to), { ...(method && { method }), headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: LoginProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    wantsLogin: false,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
