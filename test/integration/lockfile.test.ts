import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Locked {
  readonly version?: string;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
const { packages } = read("package-lock.json") as { readonly packages: Readonly<Record<string, Locked>> };
/** Those that a registry delivers. */
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.includes("node_modules/") && link !== true,
);

it("every package of the lockfile has its integrity, for all platforms", () => {
  const unchecked = installed.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ""));
  expect(installed.length).toBeGreaterThan(100);
  expect(unchecked.map(([path]) => path)).toEqual([]);
});

it("the Node that npm scripts run on is such a package for each platform, of an exact version", () => {
  const platforms = packages["tools/node"]?.optionalDependencies ?? {};
  expect(Object.keys(platforms)).toHaveLength(5);
  for (const [name, version] of Object.entries(platforms)) {
    expect(version).toMatch(/^22\.\d+\.\d+$/);
    expect(packages[`node_modules/${name}`]).toMatchObject({
      version,
      integrity: expect.stringMatching(/^sha512-/),
      dev: true,
    });
  }
});

it("only two packages run a script when they are installed", () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path);
  expect(scripted).toEqual(["node_modules/@bufbuild/buf", "node_modules/esbuild"]);
});
