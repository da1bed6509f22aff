import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** The gallery: `npm run gallery`; in mode `site` a static site that needs no server. */
export default defineConfig(({ mode }) => {
  const isSite = mode === "site";
  return {
    root: "src/ui/gallery",
    base: "./",
    plugins: [react(), ...(isSite ? [openedAsFile()] : [])],
    build: {
      outDir: "../../../dist/gallery",
      emptyOutDir: true,
      target: "es2023",
      assetsInlineLimit: 0,
      ...(isSite && {
        modulePreload: false,
        cssCodeSplit: false,
        rolldownOptions: { output: { format: "iife", codeSplitting: false } },
      }),
    },
    worker: { format: isSite ? "iife" : "es" },
  };
});

/**
 * Browsers load neither modules nor workers from files: the page is one plain script with the workers' code inlined.
 */
function openedAsFile(): Plugin {
  const ports = fileURLToPath(new URL("./inline-worker-ports.ts", import.meta.url));
  return {
    name: "opened-as-file",
    enforce: "pre",
    resolveId: (source) => (source.endsWith("/worker-ports.ts") ? ports : undefined),
    transformIndexHtml: {
      order: "post",
      handler: (html) => html.replaceAll('type="module" crossorigin', "defer").replaceAll(" crossorigin", ""),
    },
  };
}
