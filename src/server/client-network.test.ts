import { expect, it } from "vitest";
import { clientNetwork } from "./client-network.ts";
import type { NodeRequest } from "./node-http.ts";
import { keepTrustedProxyHeaders } from "./proxy-headers.ts";

function requestFrom(forwarded: string | readonly string[] | undefined, proxies: number): NodeRequest {
  const socket = { remoteAddress: "10.0.0.1" };
  const request = { headers: { "x-forwarded-for": forwarded }, socket } as unknown as NodeRequest;
  keepTrustedProxyHeaders(request, proxies);
  return request;
}

it.each([
  ["192.0.2.1", 0, "10.0.0.1"],
  ["192.0.2.1", 1, "192.0.2.1"],
  ["203.0.113.9, 192.0.2.1", 1, "192.0.2.1"],
  ["203.0.113.9, 192.0.2.1, 10.0.0.7", 2, "192.0.2.1"],
  [["203.0.113.9", "192.0.2.1"], 1, "192.0.2.1"],
  ["192.0.2.1", 2, "10.0.0.1"],
  [undefined, 1, "10.0.0.1"],
  ["unknown", 1, "10.0.0.1"],
  ["[2001:db8::1]:4711", 1, "2001:db8:0:0"],
  ["2001:db8::1", 1, "2001:db8:0:0"],
  ["2001:0db8:0:1:ffff::9", 1, "2001:db8:0:1"],
  ["2001:db8:0:0:1:2:3:4%eth0", 1, "2001:db8:0:0"],
  ["::ffff:192.0.2.1", 1, "192.0.2.1"],
  ["192.0.2.1:4711", 1, "192.0.2.1"],
] as const)("by x-forwarded-for %j and %i proxies in front, a request comes from %s", (forwarded, proxies, address) => {
  expect(clientNetwork(requestFrom(forwarded, proxies))).toBe(address);
});
