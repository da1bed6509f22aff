import { describe, expect, it } from "vitest";
import { compiledHttp } from "../../test/fakes/compiled-http.ts";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./load.ts";

const clock = { now: () => 0 };
const parse = (text: string, env: NodeJS.ProcessEnv = {}) =>
  parseConfig(text, { name: "t.yaml", folder: "/nowhere", env, clock });

function faultsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    parse(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const withTls = (tls: string, url = "https://store.example/log"): string =>
  `sources: [{ name: a, http: {\n  url: "${url}",\n  tls: ${tls} } }]`;

describe("egress.allow", () => {
  it("is empty by default", () => {
    expect(parse("").config.egress).toEqual({ allow: [] });
  });

  it("accepts addresses and ranges", () => {
    const allow = ["10.0.0.0/8", "169.254.10.1", "fd00::/8", "::1"];
    expect(parse(`egress: { allow: ${JSON.stringify(allow)} }`).config.egress).toEqual({ allow });
  });

  it("rejects anything else, with its position", () => {
    expect(faultsOf("egress:\n  allow:\n    - 10.0.0.0/8\n    - internal.example")).toEqual([
      "t.yaml:4:7: egress.allow[1] must be an address or a range such as 169.254.10.0/24",
    ]);
  });
});

describe("tls of a source", () => {
  it("is reported with its position if a file is missing", () => {
    expect(faultsOf(withTls("{ caFile: gone.pem }"))).toEqual([
      "t.yaml:3:8: the file gone.pem does not exist: create it, or name another",
    ]);
  });

  it("requires an https URL", () => {
    expect(faultsOf(withTls("{ serverName: a.example }", "http://store.example/log"))).toEqual([
      "t.yaml:3:8: the address of this source begins with http://, so there is no TLS",
    ]);
    expect(faultsOf(withTls("{ serverName: a.example }", "HTTPS://store.example/log"))).toEqual([]);
  });

  it.each(["{ certFile: a }", "{ keyFile: a }"])("requires both a certificate and a key, not %s", (tls) => {
    expect(faultsOf(withTls(tls))[0]).toMatch(/must have both certFile and keyFile, or neither/);
  });

  it("is read again for each request", async () => {
    const [source] = parse(withTls("{ serverName: a.example }")).sources;
    expect(await compiledHttp(source).tls?.()).toEqual({ servername: "a.example" });
  });
});

describe("the environment's proxies", () => {
  it("are checked with the configuration, and not shown", () => {
    expect(faultsOf("lisen: 1", { HTTPS_PROXY: "socks5://me:hidden@proxy.example" })).toContainEqual(
      expect.stringMatching(/^t\.yaml:1:1: unknown key "lisen"/),
    );
    expect(faultsOf("", { HTTPS_PROXY: "socks5://me:hidden@proxy.example" })).toEqual([
      "HTTPS_PROXY is not the URL of an HTTP proxy, such as http://proxy.example.com:3128",
    ]);
  });
});
