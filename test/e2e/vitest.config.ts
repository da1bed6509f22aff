import { defineConfig } from "vitest/config";

/** Tests in a real browser. Skipped without Chromium (`CHROMIUM` overrides /usr/bin/chromium). */
export default defineConfig({
  test: {
    // A test without an assertion fails.
    expect: { requireAssertions: true },
    include: ["test/e2e/**/*.test.ts"],
    globalSetup: ["test/e2e/global-setup.ts"],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
