import { defineConfig } from "vitest/config";
import all from "../../vitest.config.ts";

/** The cases of the sweeps that `npm test` leaves out; with `SWEEP=whole`, all of them. */
export default defineConfig({
  test: {
    ...all.test,
    include: ["test/integration/**/*.sweep.test.ts"],
    env: { SWEEP: process.env.SWEEP ?? "rest" },
  },
});
