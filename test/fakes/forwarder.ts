import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Agent, request } from "undici";

/** An HTTP server that forwards requests to another one, and can change their paths or cut their responses. */
export interface Forwarder {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The requested paths, unchanged. */
  readonly asked: readonly string[];
  /** Sets how the paths of later requests are changed. */
  rewrite(change: (path: string) => string): void;
  /** Cuts all responses in progress. */
  cut(): void;
  close(): Promise<void>;
}

/** @param ca the authority of the other server's certificate. */
export async function startForwarder(target: string, ca: string): Promise<Forwarder> {
  const agent = new Agent({ connect: { ca }, bodyTimeout: 0 });
  const asked: string[] = [];
  let change = (path: string): string => path;

  const server = createServer(async (incoming, response) => {
    const path = incoming.url ?? "";
    asked.push(path);
    const leaving = new AbortController();
    response.once("close", () => leaving.abort());
    try {
      const { authorization = "", accept = "" } = incoming.headers;
      const answer = await request(target + change(path), {
        dispatcher: agent,
        signal: leaving.signal,
        headers: { authorization, accept },
      });
      response.writeHead(answer.statusCode, { "content-type": String(answer.headers["content-type"]) }).flushHeaders();
      await pipeline(answer.body, response);
    } catch {
      response.destroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    rewrite: (next) => {
      change = next;
    },
    cut: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await agent.destroy();
    },
  };
}
