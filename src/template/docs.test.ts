import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileAddress } from "./address.ts";
import { FUNCTIONS } from "./functions.ts";
import { LOOKUPS, TOKEN, VARIABLES } from "./names.ts";

const page = readFileSync(new URL("../../docs/templates.md", import.meta.url), "utf8");

describe("docs/templates.md", () => {
  it("lists every name", () => {
    const section = (title: string): string => page.split(`## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
    for (const name of [...VARIABLES.map((each) => each.name), TOKEN])
      expect(section("Variables")).toContain(`\`${name}\``);
    for (const { name } of [...LOOKUPS, ...FUNCTIONS]) expect(section("Functions")).toContain(`\`${name}(`);
  });

  const addresses = [...(page.split("## Examples")[1]?.matchAll(/^url: (.*)$/gm) ?? [])].map(([, url = ""]) => url);

  it.each(addresses)("has a valid example in %s", (url) => {
    const variables = Object.fromEntries(VARIABLES.map(({ name }) => [name, `u.${name.toLowerCase()}-1`]));
    const { href } = compileAddress(url, { hosts: ["*.logs.example.com"] }).render({
      variables: { ...variables, shard: "eu-1", startedAt: "2026-01-02T03:04:05Z", finishedAt: "2026-01-02T03:05:05Z" },
      lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
    });
    expect(href).not.toMatch(/[{}]|undefined/);
  });
});
