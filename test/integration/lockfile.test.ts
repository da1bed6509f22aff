import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Locked {
  readonly link?: boolean;
  readonly integrity?: string;
}

const LOCKFILE = new URL("../../package-lock.json", import.meta.url);

it("every package of the lockfile has its integrity, for all platforms", () => {
  const { packages } = JSON.parse(readFileSync(LOCKFILE, "utf8")) as { readonly packages: Record<string, Locked> };
  const unchecked = Object.entries(packages).filter(
    ([path, { link, integrity }]) => path !== "" && link !== true && !/^sha512-/.test(integrity ?? ""),
  );
  expect(Object.keys(packages).length).toBeGreaterThan(100);
  expect(unchecked.map(([path]) => path)).toEqual([]);
});
