import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AddressKind, createAddressSet, isAddressRange, kindOfAddress } from "./address-kind.ts";

/** First and last addresses of ranges, and their neighbours. */
const KINDS: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    ..."1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0".split(" "),
    ..."168.63.129.15 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0".split(" "),
    ..."192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255".split(" "),
    ..."2000:: 2001:200:: 2001:db7:ffff::1 2001:db9:: 2606:4700::1111 2a00:1450:4001::8a 3ffe::1 3fff:1000::".split(
      " ",
    ),
  ],
  private: [
    ..."10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.199 100.127.255.255 127.0.0.1 127.255.255.255".split(" "),
    ..."172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255".split(" "),
    ..."::1 fc00:: fd00:ec1:ffff:: fd00:ec3:: fd12:3456::1 fdff:ffff::1".split(" "),
  ],
  special: [
    ..."0.0.0.0 0.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255 192.0.0.0 192.0.0.192 192.0.2.1".split(" "),
    ..."192.88.99.1 198.51.100.1 203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.255".split(" "),
    ..."100.100.100.200 168.63.129.16 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:c1::a9fe:a9fe fd00:42::42".split(
      " ",
    ),
    ..."fe80::1 febf:ffff::1 fe80::1%eth0 fec0::1 ff00:: ff02::1 100::1 2001::1 2001:1ff::1 2001:db8::1".split(" "),
    ..."3fff::1 3fff:fff::1 4000:: 5f00::1 64:ff9b:1::808:808 1fff:: fbff:: fe00::1".split(" "),
  ],
};

const ipv6For = (address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16)).join(":");
};

/** Ways to write an IPv4 address as an IPv6 address. */
const DRESSES: readonly ((address: string) => string)[] = [
  (address) => `::ffff:${address}`,
  (address) => `::ffff:${ipv6For(address)}`,
  (address) => `0:0:0:0:0:FFFF:${ipv6For(address)}`,
  (address) => `::ffff:0:${address}`,
  (address) => `64:ff9b::${address}`,
  (address) => `2002:${ipv6For(address)}::1`,
];

describe("kindOfAddress", () => {
  const cases = Object.entries(KINDS).flatMap(([kind, addresses]) => addresses.map((each) => [each, kind] as const));

  it.each(cases)("classifies %s as %s", (address, kind) => {
    expect(kindOfAddress(address)).toBe(kind);
  });

  it("recognises an IPv4 address in every IPv6 form", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom(...DRESSES), (address, dress) => {
        expect(kindOfAddress(dress(address))).toBe(kindOfAddress(address));
      }),
    );
    for (const dress of DRESSES) {
      expect(kindOfAddress(dress("169.254.169.254"))).toBe("special");
      expect(kindOfAddress(dress("127.0.0.1"))).toBe("private");
      expect(kindOfAddress(dress("8.8.8.8"))).toBe("public");
    }
  });

  it("recognises the compatible form, but not in :: and ::1", () => {
    expect(kindOfAddress("::169.254.169.254")).toBe("special");
    expect(kindOfAddress("::10.0.0.1")).toBe("private");
    expect(kindOfAddress("::8.8.8.8")).toBe("public");
    expect(kindOfAddress("::")).toBe("special");
    expect(kindOfAddress("0:0:0:0:0:0:0:1")).toBe("private");
    expect(kindOfAddress("::2")).toBe("special");
  });

  it.each([
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.16689662",
    "169.254.169.254.",
    "１６９.254.169.254",
    "[::FFFF:169.254.169.254]",
    "[64:FF9B::A9FE:A9FE]",
  ])("recognises the metadata address in a URL as %s", (host) => {
    const { hostname } = new URL(`http://${host}/`);
    expect(kindOfAddress(hostname.replace(/^\[(.*)\]$/, "$1"))).toBe("special");
  });

  it("never gets a zone, because a URL cannot have one", () => {
    expect(URL.canParse("http://[fe80::1%25eth0]/")).toBe(false);
  });
});

describe("createAddressSet", () => {
  it("contains addresses and ranges of both families", () => {
    const set = createAddressSet(["169.254.10.0/24", "10.1.2.3", "fd00:ec2::/32", "::1"]);
    for (const each of ["169.254.10.0", "169.254.10.255", "10.1.2.3", "fd00:ec2::254", "0:0::1"]) {
      expect(set.has(each)).toBe(true);
    }
    for (const each of ["169.254.11.0", "10.1.2.4", "fd00:ec3::1", "::2", "::"]) expect(set.has(each)).toBe(false);
  });

  it("contains embedded IPv4 addresses, and addresses as they are written", () => {
    expect(createAddressSet(["169.254.0.0/16"]).has("::ffff:a9fe:a9fe")).toBe(true);
    expect(createAddressSet(["64:ff9b::/96"]).has("64:ff9b::a9fe:a9fe")).toBe(true);
    expect(createAddressSet(["64:ff9b::/96"]).has("169.254.169.254")).toBe(false);
    expect(createAddressSet(["fe80::/10"]).has("fe80::1%eth0")).toBe(true);
  });

  it("contains nothing when it is empty", () => {
    expect(createAddressSet([]).has("127.0.0.1")).toBe(false);
  });

  it("refuses anything else", () => {
    expect(() => createAddressSet(["10.0.0.0/33"])).toThrow('"10.0.0.0/33" is neither an IP address nor a CIDR range');
  });
});

describe("isAddressRange", () => {
  it.each(["10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/32", "10.0.0.1", "::/0", "fe80::/10", "::1/128", "::1"])(
    "accepts %s",
    (text) => {
      expect(isAddressRange(text)).toBe(true);
    },
  );

  it.each([
    "",
    "/8",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    "10.0/8",
    "010.0.0.1",
    "0x7f000001",
    "::/129",
    "[::1]",
    "fe80::1%eth0",
    "localhost",
    "*",
    "10.0.0.1:80",
  ])("rejects %j", (text) => {
    expect(isAddressRange(text)).toBe(false);
  });
});
