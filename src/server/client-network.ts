import { isIP } from "node:net";
import { networkOf } from "../ip-address.ts";
import type { NodeRequest } from "./node-http.ts";

/**
 * The network of a request's client, by which clients are limited: its IPv4 address, or the /64 of its IPv6 address.
 *
 * The client is the one that a trusted proxy names in `x-forwarded-for`, else the connection's remote address.
 */
export function clientNetwork({ headers, socket }: NodeRequest): string {
  const address = String(headers["x-forwarded-for"] ?? "");
  const bare = /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
  return networkOf(isIP(bare) === 0 ? (socket?.remoteAddress ?? "") : bare);
}
