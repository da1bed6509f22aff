import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // A test without an assertion fails.
    expect: { requireAssertions: true },
    include: ["test/real/**/*.test.ts"],
    globalSetup: ["test/real/global-setup.ts", "test/planted/global-setup.ts"],
    setupFiles: "test/planted/setup.ts",
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
