import { describe, expect, it } from "vitest";
import { createAddressPolicy, EgressRefused } from "./address-policy.ts";

const PUBLIC = ["93.184.216.34", "2606:4700::1111"];
const INSIDE = ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"];
const SPECIAL = ["169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "fd00:ec2::254"];

function allows(allow: readonly string[], address: string, written: boolean): boolean {
  try {
    createAddressPolicy(allow).check("store.example", address, written);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(EgressRefused);
    return false;
  }
}

describe("createAddressPolicy", () => {
  it.each(PUBLIC)("allows the public address %s to every host", (address) => {
    expect(allows([], address, true)).toBe(true);
    expect(allows([], address, false)).toBe(true);
  });

  it.each(INSIDE)("allows the private address %s only for a literal host", (address) => {
    expect(allows([], address, true)).toBe(true);
    expect(allows([], address, false)).toBe(false);
  });

  it.each(SPECIAL)("never allows the special address %s", (address) => {
    expect(allows([], address, true)).toBe(false);
    expect(allows([], address, false)).toBe(false);
  });

  it.each([...INSIDE, ...SPECIAL])("allows %s if an entry contains it", (address) => {
    expect(allows([address], address, false)).toBe(true);
    expect(allows(["203.0.113.1", address], address, true)).toBe(true);
    expect(allows(["203.0.113.1"], address, false)).toBe(false);
  });

  it("reports the host, the address and what would allow it, for the log", () => {
    const policy = createAddressPolicy([]);
    expect(() => policy.check("a.example", "169.254.169.254", true)).toThrow(
      "a.example has the address 169.254.169.254, which is reserved for a special purpose. An entry in egress.allow would allow it.",
    );
    expect(() => policy.check("10.0.0.1", "10.0.0.1", false)).toThrow(
      "10.0.0.1 is private, which is not allowed for a host with variables.",
    );
  });

  it("refuses an entry that is not a range", () => {
    expect(() => createAddressPolicy(["internal"])).toThrow('"internal" is neither');
  });
});
