import { join } from "node:path";
import { expect, it } from "vitest";
import { resolveServer } from "./programs/resolve.ts";
import { tryCommand } from "./run-command.ts";

const FOLDER = join(import.meta.dirname, "../conformance-connect");
const SUITE_MS = 600_000;

/**
 * How many cases may be run again by themselves. Of the thousands of connections over TLS with HTTP/1.1, one ends early
 * in every other run of the suite ("unexpected EOF" in its client), with any method and behind any handler.
 */
const MAX_REPEATED = 2;

/** Patterns of cases that are known to fail, each with its reason. The suite fails if one of them passes. */
const KNOWN_FAILING: readonly { readonly pattern: string; readonly why: string }[] = [];

it(
  "Connect's conformance suite passes: server streams by our writer, all else by connect-node, behind our listener",
  async () => {
    const { path } = await resolveServer("connectconformance");
    const run = (...flags: readonly string[]) =>
      tryCommand(path, [
        ...["--mode", "server", "--conf", join(FOLDER, "config.yaml"), ...flags],
        ...KNOWN_FAILING.flatMap(({ pattern }) => ["--known-failing", pattern]),
        ...["--", process.execPath, join(FOLDER, "server.ts")],
      ]);
    const { status, stdout, stderr } = await run();
    const summary = /Total cases: (\d+)\n(\d+) passed, (\d+) failed/.exec(stdout);
    process.stdout.write(`Connect's conformance suite: ${summary?.[0].replace("\n", ", ")}\n`);
    const failed = [...stdout.matchAll(/^FAILED: (.+):$/gm)].map(([, name = ""]) => name);
    const told = (stdout + stderr).slice(-4_000);
    expect(failed.length, told).toBeLessThanOrEqual(MAX_REPEATED);
    if (failed.length === 0) expect(status, told).toBe(0);
    // A fault fails again.
    for (const name of failed) {
      process.stdout.write(`Again: ${name}\n`);
      const again = await run("--run", name);
      expect(again.status, again.stdout + again.stderr).toBe(0);
      expect(again.stdout).toContain("1 passed, 0 failed");
    }
    // They cover three protocols, two versions of HTTP and two codecs, with and without TLS and gzip.
    expect(Number(summary?.[1])).toBeGreaterThan(3_000);
  },
  SUITE_MS,
);
