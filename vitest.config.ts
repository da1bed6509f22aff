import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { maxWorkers: "100%", include: ["src/**/*.test.ts", "test/integration/**/*.test.ts"] },
});
