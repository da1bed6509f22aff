import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    maxWorkers: "100%",
    include: ["src/**/*.test.ts", "test/integration/**/*.test.ts"],
    // Ends what hangs, and nothing else: on a busy machine, tests of many random texts take more than vitest's 5 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
