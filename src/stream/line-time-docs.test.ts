import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findTime } from "./line-time.ts";

const [, section = ""] = readFileSync("docs/api.md", "utf8").split("### Times in lines\n");
const ROW = /^\| (?<layout>.+) \| `(?<example>.+)` \| `(?<time>[^`]+)` \|$/gm;
const rows = [...(section.split("\n### ")[0] ?? "").matchAll(ROW)].map(({ groups }) => ({
  layout: groups?.layout ?? "",
  example: (groups?.example ?? "").replaceAll("\\|", "|"),
  time: groups?.time ?? "",
}));

describe("the layouts of times in docs/api.md", () => {
  it("are a table", () => {
    expect(rows.length).toBeGreaterThan(25);
  });

  it.each(rows)("$layout: `$example` is $time", ({ example, time }) => {
    const found = findTime(example, "2026-12-31T00:00:00Z")?.time;
    expect(found?.replace(/\.?0*Z$/, "Z")).toBe(time);
  });
});
