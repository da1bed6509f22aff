import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAll } from "../conformance/client-read.ts";
import { append } from "../conformance/given-log.ts";
import { type Ground, startGround, type TestRun } from "../conformance/ground.ts";
import { startHttpWorld } from "../conformance/http-world.ts";
import { textOf } from "../conformance/lines.ts";
import { startPodsWorld } from "../conformance/pods-world.ts";
import type { SourceWorld, StoredLog } from "../conformance/stored-log.ts";

let ground: Ground;
let store: SourceWorld;
let url: string;

beforeAll(async () => {
  ground = await startGround();
  const pods = await startPodsWorld();
  store = await startHttpWorld();
  url = await ground.startGateway([
    { ...pods, yaml: `phase: live\n    ${pods.yaml}` },
    { ...store, yaml: `phase: finished\n    ${store.yaml}` },
  ]);
});

afterAll(async () => {
  await ground?.close();
  await store?.close();
});

/** Reads the log of a run that is running, and that of one that has ended. */
async function readBoth(logOf: (run: TestRun) => StoredLog) {
  const runs = [ground.addRun(), ground.addRun()];
  for (const run of runs) append(logOf(run), 0, 5);
  runs[1]?.end();
  const reads = await Promise.all(runs.map(({ namespace, name }) => readAll(url, { namespace, name })));
  return reads.map(({ text, error }) => error ?? text);
}

describe("the phase of a source", () => {
  it("live: it is asked while the job runs, and not afterwards", async () => {
    expect(await readBoth((run) => run.addPod())).toEqual([textOf(0, 5), "NotFound LOG_NOT_FOUND"]);
  });

  it("finished: it is asked once the job has ended, and not before", async () => {
    expect(await readBoth((run) => store.log(run))).toEqual(["NotFound LOG_NOT_FOUND", textOf(0, 5)]);
  });
});
