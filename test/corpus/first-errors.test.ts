import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createJsonPrinter } from "../../src/cli/log-json-printer.ts";
import { createErrorFinder } from "../../src/client/first-error.ts";
import { createIngest } from "../../src/ui/viewer/store/ingest.ts";
import { createLogStore } from "../../src/ui/viewer/store/log-store.ts";
import { createStyleTable } from "../../src/ui/viewer/store/style.ts";
import { FIRST_ERRORS } from "./first-errors.ts";

const LOGS = new URL("./logs/", import.meta.url);

it("each log of the corpus has its first error", () => {
  const names = readdirSync(LOGS).map((name) => name.replace(/\.log$/, ""));
  expect(names.sort()).toEqual(Object.keys(FIRST_ERRORS).sort());
});

it.each(Object.entries(FIRST_ERRORS))("the first error of %s.log is in line %i", (name, line) => {
  const bytes = readFileSync(new URL(`${name}.log`, LOGS));
  expect({ why: inWhy(bytes), json: inJson(bytes), page: inPage(bytes) }).toEqual({
    why: line,
    json: line,
    page: line,
  });
});

function inWhy(bytes: Buffer): number {
  const finder = createErrorFinder({ around: 3, tail: 8 });
  finder.push(bytes, 1);
  return finder.result()?.line.number ?? 0;
}

function inJson(bytes: Buffer): number {
  const printer = createJsonPrinter({ timestamps: false });
  const source = { containerName: "", attempt: 0, offset: undefined, cursor: "" };
  const chunk = printer.chunk({ kind: "chunk", bytes, firstLine: 1, runs: [], ...source });
  const objects = `${chunk}${printer.end(undefined)}`;
  const lines = objects
    .trim()
    .split("\n")
    .map((object) => JSON.parse(object) as { line: number; severity: string | null });
  return lines.find(({ severity }) => severity === "error")?.line ?? 0;
}

/** In small blocks, as they come while a log is followed. */
function inPage(bytes: Buffer): number {
  const ingest = createIngest(createStyleTable());
  const store = createLogStore(Number.POSITIVE_INFINITY);
  for (let at = 0; at < bytes.length; at += 100) {
    ingest.push(bytes.subarray(at, at + 100), 1, 0);
    for (const block of ingest.take(true)) store.append(block);
  }
  ingest.end();
  for (const block of ingest.take(true)) store.append(block);
  return store.errors.at(0) + 1;
}
