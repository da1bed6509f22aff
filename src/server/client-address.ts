import { isIP } from "node:net";
import type { NodeRequest } from "./node-http.ts";

/**
 * The address that a request comes from.
 *
 * @param proxies how many proxies in front append the address of their client to `x-forwarded-for`. Entries before
 * theirs can be forged. 0: the connection's remote address.
 */
export function clientAddress({ headers, socket }: NodeRequest, proxies: number): string {
  const own = socket?.remoteAddress ?? "";
  if (proxies === 0) return own;
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  const address = forwarded.at(-proxies)?.trim() ?? "";
  const bare = /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
  return isIP(bare) === 0 ? own : bare;
}
