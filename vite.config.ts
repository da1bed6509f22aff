import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { leaner } from "./vite-leaner.ts";

/** Makes dist/ui, the web page. Addresses in it are relative: the server puts its base path before them. */
export default defineConfig({
  root: "src/ui",
  base: "./",
  plugins: [react(), leaner(), compressed()],
  build: {
    outDir: "../../dist/ui",
    emptyOutDir: true,
    target: "es2023",
    // Nothing is inlined: the page's content security policy allows files alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
});

/** Puts compressed copies beside the files, once, so that no request has to wait for them. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    // From the disk: other plugins change files up to the moment that they are written.
    writeBundle({ dir = "" }, bundle) {
      // The best quality takes ten times as long, and saves one part in twenty.
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
      for (const fileName of Object.keys(bundle)) {
        if (fileName === "index.html") continue;
        const file = join(dir, fileName);
        const source = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(source, { params }));
        writeFileSync(`${file}.gz`, gzipSync(source, { level: 9 }));
      }
    },
  };
}
