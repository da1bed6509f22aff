import { isIPv6 } from "node:net";

/** Resolvers append a zone to link-local addresses: `fe80::1%eth0`. */
export function withoutZone(address: string): string {
  return address.replace(/%.*/s, "");
}

/** The eight numbers of an IPv6 address. */
export function groupsOf(address: string): number[] {
  // The URL standard has one form for each address, without dotted notation.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [left, right] = [head, tail ?? ""].map((part) => (part === "" ? [] : part.split(":"))) as [string[], string[]];
  const zeros = Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

/**
 * The network of a client: an IPv4 address itself, the /64 of an IPv6 address, because its owner has all of its
 * addresses. Anything else is returned as it is.
 */
export function networkOf(address: string): string {
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 !== undefined || !isIPv6(address)) return v4 ?? address;
  return groupsOf(withoutZone(address))
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":");
}
