import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
/** Removes whitespace: the formatter decides the layout. */
const compact = (text: string): string => text.replace(/\s+/g, "");

it.each(["const Memory", "capabilities:", "hosts:", "compile(", "lookups:", "create:"])(
  "docs/adding-a-source.md shows %s as it is in the memory source",
  (begin) => {
    const blocks = [...read("../../docs/adding-a-source.md").matchAll(/```ts\n([\s\S]*?)```/g)];
    const block = blocks.map(([, code = ""]) => code).find((code) => code.startsWith(begin));
    expect(block).toBeDefined();
    expect(compact(read("./memory-source.ts"))).toContain(compact(block ?? ""));
  },
);
