import { defineConfig } from "vitest/config";
import all from "../../vitest.config.ts";

/** Runs the cases of the sweeps that `npm test` skips; with `SWEEP=whole`, all cases. */
export default defineConfig({
  test: {
    ...all.test,
    include: ["test/integration/**/*.sweep.test.ts"],
    env: { SWEEP: process.env.SWEEP ?? "rest" },
  },
});
