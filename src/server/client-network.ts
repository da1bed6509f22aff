import { isIP } from "node:net";
import { networkOf } from "../ip-address.ts";
import type { NodeRequest } from "./node-http.ts";

/**
 * The network of a request's client, by which clients are limited: its IPv4 address, or the /64 of its IPv6 address.
 *
 * @param proxies how many proxies in front append their client's address to `x-forwarded-for`. Earlier entries can be
 * forged. 0: use the connection's remote address.
 */
export function clientNetwork({ headers, socket }: NodeRequest, proxies: number): string {
  const own = socket?.remoteAddress ?? "";
  if (proxies === 0) return networkOf(own);
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  const address = forwarded.at(-proxies)?.trim() ?? "";
  const bare = /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
  return networkOf(isIP(bare) === 0 ? own : bare);
}
