import { build } from "esbuild";
import { expect, it } from "vitest";

it.each(["escape-sequences", "line-time"])("%s also runs in browsers", async (name) => {
  const { metafile, outputFiles } = await build({
    entryPoints: [`src/stream/${name}.ts`],
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "esm",
    logLevel: "silent",
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  expect(imports.filter(({ external }) => external === true)).toEqual([]);
  expect(Object.keys(metafile.inputs).every((file) => file.startsWith("src/stream/"))).toBe(true);
  expect(outputFiles[0]?.text).not.toMatch(/\bBuffer\b/);
});
