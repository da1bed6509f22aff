import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import type { SearchSum } from "./search.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder in which each test file leaves the result of its search for secrets. */
    searchSums: string;
  }
}

/** Reports at the end of the run how many secrets were planted, and how many texts were searched for them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "taffrail-planted-"));
  project.provide("searchSums", folder);
  return async () => {
    const names = await readdir(folder);
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    const sums = texts.map((text) => JSON.parse(text) as SearchSum);
    const planted = new Set(sums.flatMap((each) => each.planted)).size;
    const count = (place: keyof SearchSum["searched"]): string =>
      sums.reduce((sum, { searched }) => sum + searched[place], 0).toLocaleString("en");
    console.info(
      `Secrets: ${planted} planted, searched for in ${count("log")} log lines, ${count("failure")} errors to callers and ${count("output")} program outputs.`,
    );
    await rm(folder, { recursive: true });
  };
}
