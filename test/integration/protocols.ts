import { Agent } from "node:http";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";

/** A protocol that clients use with the gateway. */
export interface Protocol {
  readonly name: string;
  /** Whether messages are JSON rather than binary. */
  readonly json: boolean;
  /** Opens a transport with its own connections, which `close` ends at once. */
  open(baseUrl: string): { readonly transport: Transport; close(): void };
}

const h1 = (make: (nodeOptions: { readonly agent: Agent }, baseUrl: string) => Transport): Protocol["open"] => {
  return (baseUrl) => {
    const agent = new Agent({ keepAlive: true });
    return { transport: make({ agent }, baseUrl), close: () => agent.destroy() };
  };
};
const h2 = (make: (sessionManager: Http2SessionManager, baseUrl: string) => Transport): Protocol["open"] => {
  return (baseUrl) => {
    const sessions = new Http2SessionManager(baseUrl);
    return { transport: make(sessions, baseUrl), close: () => sessions.abort() };
  };
};

/** All protocols, on one cleartext port. */
export const PROTOCOLS: readonly Protocol[] = [
  {
    name: "gRPC over h2c",
    json: false,
    open: h2((sessionManager, baseUrl) => createGrpcTransport({ baseUrl, sessionManager })),
  },
  {
    name: "gRPC-Web over HTTP/1.1",
    json: false,
    open: h1((nodeOptions, baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1", nodeOptions })),
  },
  {
    name: "Connect binary over HTTP/1.1",
    json: false,
    open: h1((nodeOptions, baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true, nodeOptions }),
    ),
  },
  {
    name: "Connect binary over h2c",
    json: false,
    open: h2((sessionManager, baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true, sessionManager }),
    ),
  },
  {
    name: "Connect JSON over HTTP/1.1",
    json: true,
    open: h1((nodeOptions, baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, nodeOptions }),
    ),
  },
];
