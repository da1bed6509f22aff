import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const WORKERS = ["ingest-worker", "search-worker", "compare-worker"];

/**
 * Makes the log viewer as others import it: `index.js`, its workers beside it, `index.css`, and `theme.css` with the colours that it refers to. Packages stay outside.
 */
export async function buildViewer(outdir: string): Promise<void> {
  const shared = {
    outdir,
    bundle: true,
    format: "esm",
    target: "es2023",
    jsx: "automatic",
    packages: "external",
    legalComments: "none",
    logLevel: "warning",
  } as const;
  await build({ ...shared, entryPoints: ["src/ui/viewer/index.ts"], plugins: [builtWorkers] });
  await build({ ...shared, entryPoints: WORKERS.map((name) => `src/ui/viewer/${name}.ts`) });
  writeFileSync(join(outdir, "theme.css"), themeOf(readFileSync("src/ui/theme.css", "utf8")));
}

/** Workers are found where they lie once they are built. */
const builtWorkers: Plugin = {
  name: "built workers",
  setup({ onLoad }) {
    onLoad({ filter: /worker-ports\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(/(new URL\("\.\/[a-z-]+)\.ts"/g, '$1.js"'),
      loader: "ts",
    }));
  },
};

/** The variables of the page's style, without the rules of the page behind them. */
function themeOf(style: string): string {
  const rules = style.indexOf("\n*,");
  if (rules === -1) throw new Error("theme.css does not begin with its variables.");
  return style.slice(0, rules);
}
