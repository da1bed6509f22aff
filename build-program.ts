import { mkdir, writeFile } from "node:fs/promises";
import { build, type Plugin } from "esbuild";

/**
 * Of Kubernetes' client library, only the reader of kubeconfigs is used, which imports the generated clients of the
 * whole API for a method that is not: 5 MB of code, and 20 MiB of memory once loaded.
 */
const KUBECONFIG_ONLY: Plugin = {
  name: "kubeconfig-only",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer, path }) =>
      importer.endsWith("client-node/dist/config.js") ? { path, namespace: "kubeconfig-only" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "kubeconfig-only" }, () => ({
      contents: "export const createConfiguration = undefined, ServerConfiguration = undefined;",
    }));
  },
};

/** Bundles the program into `folder`: Node does not strip types inside node_modules. */
export async function buildProgram(folder: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: { main: "src/main.ts", "large-runs-worker": "src/runs/large-runs-worker.ts" },
    outdir: folder,
    bundle: true,
    write: false,
    platform: "node",
    target: "node22",
    format: "esm",
    // What is imported late stays apart: the Kubernetes library is loaded only where there is a kubeconfig.
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    alias: { "@kubernetes/client-node": "./node_modules/@kubernetes/client-node/dist/config.js" },
    plugins: [KUBECONFIG_ONLY],
    legalComments: "linked",
    // Packages in CommonJS still call require.
    banner: {
      js: 'import { createRequire as _createRequire } from "node:module"; const require = _createRequire(import.meta.url);',
    },
  });
  await mkdir(folder, { recursive: true });
  for (const { path, text } of outputFiles) await writeFile(path, path.endsWith(".js") ? toAscii(text) : text);
}

/**
 * V8 keeps a source with a single character beyond Latin-1 in memory at two bytes a character. esbuild escapes those in
 * strings, but not in regular expressions.
 */
function toAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
