import { join } from "node:path";
import { expect, it } from "vitest";
import { resolveServer } from "./programs/resolve.ts";
import { tryCommand } from "./run-command.ts";

const FOLDER = join(import.meta.dirname, "../conformance-connect");
const SUITE_MS = 600_000;

/** Patterns of cases that are known to fail, each with its reason. The suite fails if one of them passes. */
const KNOWN_FAILING: readonly { readonly pattern: string; readonly why: string }[] = [];

it(
  "Connect's conformance suite passes: server streams by our writer, all else by connect-node, behind our listener",
  async () => {
    const { path } = await resolveServer("connectconformance");
    const { status, stdout, stderr } = await tryCommand(path, [
      ...["--mode", "server", "--conf", join(FOLDER, "config.yaml")],
      ...KNOWN_FAILING.flatMap(({ pattern }) => ["--known-failing", pattern]),
      ...["--", process.execPath, join(FOLDER, "server.ts")],
    ]);
    const summary = /Total cases: (\d+)\n(\d+) passed, (\d+) failed/.exec(stdout);
    process.stdout.write(`Connect's conformance suite: ${summary?.[0].replace("\n", ", ")}\n`);
    expect(status, (stdout + stderr).slice(-4_000)).toBe(0);
    // They cover three protocols, two versions of HTTP and two codecs, with and without TLS and gzip.
    expect(Number(summary?.[1])).toBeGreaterThan(3_000);
  },
  SUITE_MS,
);
