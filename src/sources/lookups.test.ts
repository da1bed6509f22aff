import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { parseConfig } from "../config/load.ts";
import type { Lookups } from "./lookups.ts";

function lookupsFor(source: string): Lookups {
  const options = { name: "taffrail.yaml", folder: ".", env: { TOKEN: "t" }, clock: systemClock };
  return parseConfig(`sources: [{ name: s, ${source} }]`, options).lookups;
}

describe("the lookups of sources", () => {
  it("are none if URLs use only the run", () => {
    const url = "https://logs.example.com/${{ project }}/${{ stage }}/${{ jobName }}";
    expect(lookupsFor(`http: { url: "${url}" }`)).toEqual({ shard: false, freight: false });
    expect(lookupsFor("kubernetes: {}")).toEqual({ shard: false, freight: false });
  });

  it.each([
    ["a URL", `http: { url: "https://logs.example.com/\${{ shard }}" }`],
    ["a header", `http: { url: "https://logs.example.com/a", headers: { X-Shard: "\${{ shard }}" } }`],
    ["a pattern", `kubernetes: {}, match: { shard: "eu-*" }`],
  ])("include the shard if %s names it", (_, source) => {
    expect(lookupsFor(source)).toEqual({ shard: true, freight: false });
  });

  it.each(["freight", "freightAlias", "freight('api')"])("include the Freight if a URL names %s", (name) => {
    expect(lookupsFor(`http: { url: "https://logs.example.com/\${{ ${name} }}" }`)).toEqual({
      shard: false,
      freight: true,
    });
  });
});
