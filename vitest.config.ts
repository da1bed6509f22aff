import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    maxWorkers: "100%",
    // Test files share workers: loading the program anew for each took half of the time.
    isolate: false,
    // A test without an assertion fails.
    expect: { requireAssertions: true },
    globalSetup: "test/planted/global-setup.ts",
    setupFiles: "test/planted/setup.ts",
    include: [
      "src/**/*.test.ts",
      "test/integration/**/*.test.ts",
      "test/conformance/**/*.test.ts",
      "test/planted/**/*.test.ts",
      "test/corpus/**/*.test.ts",
    ],
    // Ends what hangs, and nothing else: on a busy machine, tests of many random texts take more than vitest's 5 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
