import { isIP } from "node:net";
import type { NodeRequest } from "./node-http.ts";

/**
 * The client address of a request.
 *
 * @param proxies how many proxies in front append their client's address to `x-forwarded-for`. Earlier entries can be
 * forged. 0: use the connection's remote address.
 */
export function clientAddress({ headers, socket }: NodeRequest, proxies: number): string {
  const own = socket?.remoteAddress ?? "";
  if (proxies === 0) return own;
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  const address = forwarded.at(-proxies)?.trim() ?? "";
  const bare = /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
  return isIP(bare) === 0 ? own : bare;
}
