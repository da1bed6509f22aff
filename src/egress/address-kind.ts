import { BlockList, isIP, isIPv4 } from "node:net";
import { groupsOf, withoutZone } from "../ip-address.ts";

/**
 * Where an address is: `public` on the internet, `private` on this machine or a private network, `special` where no log
 * store is: link-local, cloud metadata services, multicast, broadcast, unspecified, reserved.
 */
export type AddressKind = "public" | "private" | "special";

/** Loopback, RFC 1918, RFC 6598 (carriers and some clusters), RFC 2544 (some clusters too), RFC 4193. */
const INSIDE = listOf([
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "198.18.0.0/15",
  "::1",
  "fc00::/7",
]);

/** The other entries of IANA's special-purpose address registries, and cloud metadata services. */
const SPECIAL = listOf([
  "0.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "2001::/23",
  "2001:db8::/32",
  "3fff::/20",
  // Metadata services outside the ranges above: Alibaba Cloud, Azure, AWS, Google Cloud, Oracle Cloud, Scaleway.
  "100.100.100.200",
  "168.63.129.16",
  "fd00:ec2::/32",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "fd00:42::42",
]);

/** The only part of IPv6 that is the internet: everything else that is not private is special or unassigned. */
const INTERNET_V6 = listOf(["2000::/3"]);

/**
 * Prefixes of IPv6 addresses that end with an IPv4 address: mapped, translated (RFC 2765), NAT64 (RFC 6052),
 * compatible.
 */
const WITH_IPV4_AT_END = ["0:0:0:0:0:ffff", "0:0:0:0:ffff:0", "64:ff9b:0:0:0:0", "0:0:0:0:0:0"];

/** Classifies an address. An IPv6 address that embeds an IPv4 address is classified as that one. */
export function kindOfAddress(address: string): AddressKind {
  const { text, family } = seenThrough(address);
  if (SPECIAL.check(text, family)) return "special";
  if (INSIDE.check(text, family)) return "private";
  return family === "ipv4" || INTERNET_V6.check(text, family) ? "public" : "special";
}

/** A set of addresses; see {@link createAddressSet}. */
export interface AddressSet {
  /** Whether an address is in it, as it is written or as the IPv4 address that it embeds. */
  has(address: string): boolean;
}

/**
 * Creates a set of addresses and CIDR ranges such as `10.0.0.0/8`.
 *
 * @throws Error if a text is neither.
 */
export function createAddressSet(texts: readonly string[]): AddressSet {
  const list = listOf(texts);
  return {
    has(address) {
      const { text, family } = seenThrough(address);
      const written = withoutZone(address);
      return list.check(text, family) || list.check(written, isIPv4(written) ? "ipv4" : "ipv6");
    },
  };
}

/** Whether a text is an IP address or a CIDR range. */
export function isAddressRange(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const version = address.includes("%") ? 0 : isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function listOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    if (!isAddressRange(text)) throw new Error(`"${text}" is neither an IP address nor a CIDR range.`);
    const [address = "", bits] = text.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function seenThrough(address: string): { readonly text: string; readonly family: "ipv4" | "ipv6" } {
  const text = withoutZone(address);
  const ipv4 = isIPv4(text) ? text : ipv4Within(groupsOf(text));
  return ipv4 === undefined ? { text, family: "ipv6" } : { text: ipv4, family: "ipv4" };
}

function ipv4Within(groups: readonly number[]): string | undefined {
  const is6to4 = groups[0] === 0x2002;
  const [high = 0, low = 0] = is6to4 ? groups.slice(1, 3) : groups.slice(6);
  const beginning = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(":");
  if (!is6to4 && !WITH_IPV4_AT_END.includes(beginning)) return undefined;
  // :: and ::1 are addresses in their own right.
  if (beginning === "0:0:0:0:0:0" && high === 0 && low <= 1) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
