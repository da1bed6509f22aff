import { once } from "node:events";
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Agent } from "undici";
import { SERVER_CERTIFICATE } from "../../fakes/certificates.ts";
import type { KubernetesAccess } from "./kube-apiserver.ts";

/** What to do with a request instead of forwarding it; `undefined`: forward it. */
export type Trouble = (
  path: string,
  request: Http2ServerRequest,
) => undefined | ((response: Http2ServerResponse) => void | Promise<void>);

/** A server in front of a real API server that forwards requests, unless a test causes a fault. */
export interface ApiFront {
  /** `https://127.0.0.1:PORT`, HTTP/2 */
  readonly url: string;
  /** All requests as `GET /path`, in order. */
  readonly requests: readonly string[];
  trouble: Trouble;
  /** Presents this certificate from now on, and ends the current connections. */
  rotate(certificate: { readonly cert: string; readonly key: string }): void;
  close(): Promise<void>;
}

/** Causes no fault. */
export const calm: Trouble = () => undefined;

/** Starts the server. It presents the tests' own certificate. */
export async function startApiFront(kubernetes: KubernetesAccess): Promise<ApiFront> {
  const agent = new Agent({ connect: { ca: kubernetes.ca } });
  const sessions = new Set<ServerHttp2Session>();
  const requests: string[] = [];
  const server = createSecureServer({ ...SERVER_CERTIFICATE, settings: { maxConcurrentStreams: 1_000 } });
  const front: ApiFront = {
    url: "",
    requests,
    trouble: calm,
    rotate: (certificate) => {
      server.setSecureContext(certificate);
      for (const session of sessions) session.destroy();
    },
    close: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
      await agent.destroy();
    },
  };

  const handOn = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    const { authorization = "", "content-type": type } = request.headers;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const answer = await agent.request({
      origin: kubernetes.url,
      path: request.url,
      method: request.method as "GET" | "POST",
      headers: { authorization, accept: "application/json", ...(type !== undefined && { "content-type": type }) },
      ...(parts.length > 0 && { body: Buffer.concat(parts) }),
    });
    response.writeHead(answer.statusCode, { "content-type": String(answer.headers["content-type"]) });
    response.end(Buffer.from(await answer.body.arrayBuffer()));
  };
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined).once("close", () => sessions.delete(session));
  });
  server.on("request", (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const answer = front.trouble(request.url, request);
    Promise.resolve(answer === undefined ? handOn(request, response) : answer(response)).catch(() =>
      response.stream?.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(front, { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
