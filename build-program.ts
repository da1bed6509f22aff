import { build } from "esbuild";

/** Bundles the program into `folder`: Node does not strip types inside node_modules. */
export async function buildProgram(folder: string): Promise<void> {
  await build({
    entryPoints: ["src/main.ts"],
    outdir: folder,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    // What is imported late stays apart: the Kubernetes library is loaded only where there is a kubeconfig.
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "linked",
    // Packages in CommonJS still call require.
    banner: {
      js: 'import { createRequire as _createRequire } from "node:module"; const require = _createRequire(import.meta.url);',
    },
  });
}
