import { build } from "esbuild";
import { expect, it } from "vitest";

it("bundles for browsers without any module of Node", async () => {
  const { metafile } = await build({
    entryPoints: ["src/client/index.ts"],
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "esm",
    logLevel: "silent",
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  expect(imports.filter(({ external }) => external === true)).toEqual([]);
  expect(Object.keys(metafile.inputs)).toContain("src/client/client.ts");
});
