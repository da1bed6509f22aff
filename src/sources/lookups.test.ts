import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { parseConfig } from "../config/load.ts";
import type { Lookups } from "./lookups.ts";

function lookupsFor(source: string): Lookups {
  const options = { name: "taffrail.yaml", folder: ".", env: { TOKEN: "t" }, clock: systemClock };
  return parseConfig(`sources: [{ name: s, ${source} }]`, options).lookups;
}

describe("what sources need to know of the cluster", () => {
  it("is nothing where addresses are made of the run alone", () => {
    const url = "https://logs.example.com/${{ project }}/${{ stage }}/${{ jobName }}";
    expect(lookupsFor(`http: { url: "${url}" }`)).toEqual({ shard: false, freight: false });
    expect(lookupsFor("kubernetes: {}")).toEqual({ shard: false, freight: false });
  });

  it.each([
    ["an address", `http: { url: "https://logs.example.com/\${{ shard }}" }`],
    ["a header", `http: { url: "https://logs.example.com/a", headers: { X-Shard: "\${{ shard }}" } }`],
    ["a pattern", `kubernetes: {}, match: { shard: "eu-*" }`],
  ])("is the shard where %s names it", (_, source) => {
    expect(lookupsFor(source)).toEqual({ shard: true, freight: false });
  });

  it.each(["freight", "freightAlias", "freight('api')"])("is the Freight where an address names %s", (name) => {
    expect(lookupsFor(`http: { url: "https://logs.example.com/\${{ ${name} }}" }`)).toEqual({
      shard: false,
      freight: true,
    });
  });
});
