import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The gallery: `npm run gallery`, or built as a site that needs no server. */
export default defineConfig({
  root: "src/ui/gallery",
  base: "./",
  plugins: [react()],
  build: { outDir: "../../../dist/gallery", emptyOutDir: true, target: "es2023", assetsInlineLimit: 0 },
  worker: { format: "es" },
});
