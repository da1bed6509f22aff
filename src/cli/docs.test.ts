import { readFileSync } from "node:fs";
import { Command } from "commander";
import { expect, it } from "vitest";
import { EXIT } from "./exit.ts";
import { withLogsFlags } from "./logs-flags.ts";

const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

it("docs/cli.md documents every flag of taffrail logs", () => {
  const flags = withLogsFlags(new Command("logs")).options.flatMap(({ short, long }) => [short ?? long, long]);
  // The long forms of flags that are documented by their short ones.
  const short = ["--ignore-case", "--invert-match", "--output"];
  expect(flags.filter((flag) => flag && !short.includes(flag) && !page.includes(`\`${flag}`))).toEqual([]);
});

it("docs/cli.md documents every exit code", () => {
  expect(Object.values(EXIT).filter((code) => !page.includes(`\n| ${code} |`))).toEqual([]);
});
