import { describe, expect, it } from "vitest";
import { readProxies } from "./proxies.ts";

const PROXY = "http://proxy.example:3128";

/** Which proxy the environment gives for an address, without credentials. */
function proxyFor(env: NodeJS.ProcessEnv, address: string): string | undefined {
  const { protocol, hostname, port } = new URL(address);
  return readProxies(env)({ protocol, hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port })?.url.origin;
}

describe("readProxies", () => {
  it("has none if the environment sets none, or an empty one", () => {
    expect(proxyFor({}, "https://store.example/")).toBeUndefined();
    expect(proxyFor({ HTTPS_PROXY: "", HTTP_PROXY: "" }, "https://store.example/")).toBeUndefined();
  });

  it("has one for each scheme", () => {
    expect(proxyFor({ HTTPS_PROXY: PROXY }, "https://store.example/")).toBe(PROXY);
    expect(proxyFor({ HTTPS_PROXY: PROXY }, "http://store.example/")).toBeUndefined();
    expect(proxyFor({ HTTP_PROXY: PROXY }, "http://store.example/")).toBe(PROXY);
    expect(proxyFor({ HTTP_PROXY: PROXY }, "https://store.example/")).toBeUndefined();
  });

  it("prefers lower-case variables, and accepts a host without a scheme", () => {
    expect(proxyFor({ https_proxy: "proxy.example:8080", HTTPS_PROXY: PROXY }, "https://store.example/")).toBe(
      "http://proxy.example:8080",
    );
  });

  it("reads the credentials, even if they are badly escaped", () => {
    const authorization = (url: string) =>
      readProxies({ HTTPS_PROXY: url })({
        protocol: "https:",
        hostname: "store.example",
        port: "",
      })?.authorization?.reveal();
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    expect(authorization("http://proxy.example")).toBeUndefined();
    expect(authorization("http://me@proxy.example")).toBe(basic("me:"));
    expect(authorization("http://me:p%40ss@proxy.example")).toBe(basic("me:p@ss"));
    expect(authorization("http://me:100%@proxy.example")).toBe(basic("me:100%"));
  });

  it.each(["socks5://u:hidden@proxy.example:1080", "http://u:hidden@", "ftp://hidden.example"])(
    "refuses %s without showing it",
    (url) => {
      expect(() => readProxies({ HTTPS_PROXY: url })).toThrow(
        /^HTTPS_PROXY is not the URL of an HTTP proxy(?!.*hidden)/,
      );
    },
  );

  it.each([
    "https://localhost/",
    "https://a.localhost/",
    "https://127.0.0.1/",
    "https://127.9.9.9/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
  ])("uses none for %s, which is this machine", (address) => {
    expect(proxyFor({ HTTPS_PROXY: PROXY }, address)).toBeUndefined();
  });

  it.each([
    ["*", "https://store.example/", false],
    ["store.example", "https://store.example/", false],
    ["STORE.example", "https://Store.Example/", false],
    ["store.example", "https://store.example./", false],
    ["store.example.", "https://store.example/", false],
    ["store.example", "https://a.b.store.example/", false],
    ["store.example", "https://mystore.example/", true],
    ["store.example", "https://store.example.org/", true],
    [".store.example", "https://a.store.example/", false],
    [".store.example", "https://store.example/", true],
    ["*.store.example", "https://a.store.example/", false],
    ["*.store.example", "https://store.example/", true],
    ["store.example:443", "https://store.example/", false],
    ["store.example:8443", "https://store.example/", true],
    ["store.example:8443", "https://store.example:8443/", false],
    ["10.0.0.0/8", "https://10.1.2.3/", false],
    ["10.0.0.0/8", "https://11.1.2.3/", true],
    ["10.0.0.0/8", "https://10.0.0.0.example/", true],
    ["10.1.2.3", "https://10.1.2.3/", false],
    ["10.1.2.3:443", "https://10.1.2.3/", false],
    ["10.1.2.3:80", "https://10.1.2.3/", true],
    ["fd00::1", "https://[fd00::1]/", false],
    ["[fd00::1]", "https://[fd00::1]/", false],
    ["[fd00::1]:443", "https://[fd00::1]/", false],
    ["[fd00::1]:80", "https://[fd00::1]/", true],
    ["fd00::/8", "https://[fd12::1]/", false],
    ["", "https://store.example/", true],
    ["other.example, , store.example", "https://store.example/", false],
    ["other.example\tstore.example", "https://store.example/", false],
  ])("with NO_PROXY=%j uses it for %s: %s", (list, address, through) => {
    expect(proxyFor({ HTTPS_PROXY: PROXY, NO_PROXY: list }, address)).toBe(through ? PROXY : undefined);
  });
});
