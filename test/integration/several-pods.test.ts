import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService, CauseReason, SelectionReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { terminated } from "../fakes/pods.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { logRequests, type PodRun } from "./pod-world.ts";
import { as } from "./read-log.ts";
import { useVerdictWorld } from "./verdict-world.ts";

const { world, put, get, read, page, cli } = useVerdictWorld({ sources: ["pods"] });

const at = (second: number): string => `2026-01-01T00:00:${second}Z`;
const indexed = { parallelism: 3, completions: 3, completionMode: "Indexed", backoffLimit: 0 };

/** A Job of three shards: the first failed, the second passed, the third was deleted since the Job had failed. */
function sharded({ numbered = true } = {}): readonly [PodRun, readonly string[]] {
  const run = put({ phase: "Failed", metrics: [{ name: "it", phase: "Failed", jobSpec: indexed }] }, false);
  const index = (number: number) => (numbered ? { index: number } : {});
  const pods = [
    world().addPod(run, { suffix: "aaaaa", ...index(0), phase: "Failed", containers: { main: terminated(1, at(20)) } }),
    world().addPod(run, {
      suffix: "bbbbb",
      ...index(1),
      phase: "Succeeded",
      containers: { main: terminated(0, at(25)) },
    }),
    world().addPod(run, {
      suffix: "ccccc",
      ...index(2),
      phase: "Failed",
      deletedAt: at(21),
      containers: { main: terminated(143, at(21)) },
    }),
  ];
  return [run, pods];
}

describe("pods of a Job that ran at once", () => {
  it("are explained by the one that ended badly first, whose log is shown", async () => {
    const [run, pods] = sharded();
    const { text, origin } = await read(run);
    expect([text, origin?.podName, origin?.podReason]).toEqual([
      "live log of aaaaa\n",
      pods[0],
      SelectionReason.FAILED,
    ]);
    expect(origin?.podNames).toEqual(pods);
    const { cause, defaultSelection, metrics } = await get(run);
    expect(defaultSelection?.podName).toBe(pods[0]);
    expect(cause).toMatchObject({
      reason: CauseReason.EXIT_CODE,
      podName: pods[0],
      exitCode: 1,
      completionIndex: 0,
      pods: 3,
      failedPods: 1,
    });
    expect(metrics[0]?.attempts[0]?.pods.map(({ completionIndex }) => completionIndex)).toEqual([0, 1, 2]);
  });

  it("are told with how many failed, the index and the exit code of each", async () => {
    const [run] = sharded();
    const each = "index 0 exit code 1, index 1 exit code 0, index 2 exit code 143";
    expect(await page(run)).toEqual([
      "Verification failed: it, attempt 1 of 1",
      "Container **main** exited with **1**.",
      `**1 of 3** pods failed: ${each}.`,
    ]);
    const { out } = await cli("why", run.name);
    expect(out).toContain(`\n  1 of 3 pods failed: ${each}.\n`);
    expect(out).toContain("\nattempt 1 of 1, container main ended with exit code 1\n");
    expect(out).toContain(" live log of aaaaa\n");
  });

  it("are told by name where the Job does not number them", async () => {
    const [run, pods] = sharded({ numbered: false });
    expect(await page(run)).toContain(
      `**1 of 3** pods failed: ${pods[0]} exit code 1, ${pods[1]} exit code 0, ${pods[2]} exit code 143.`,
    );
  });

  it("are not taken for restarts of each other when one is followed to its end", async () => {
    const [run] = sharded();
    const { out, said } = await cli("logs", run.name, "-f");
    expect(out).toBe("live log of aaaaa\n");
    expect(said.join("\n")).not.toContain("was started again");
  });
});

describe("all pods of a Job", () => {
  it("are printed with a prefix, or as objects with pod and index; the note lists them and offers no others", async () => {
    const [run, pods] = sharded();
    const { code, out, said } = await cli("logs", run.name, "--all-pods", "--prefix");
    expect(code).toBe(0);
    expect(out.split("\n").toSorted().join("\n")).toBe(
      `\n${["0-aaaaa", "1-bbbbb", "2-ccccc"].map((each) => `[${each}/main] live log of ${each.slice(2)}`).join("\n")}`,
    );
    expect(said[0]).toBe(`showing run=${run.name} metric=it attempt=1 pods=${pods.join(",")} source=pods`);
    const json = await cli("logs", run.name, "--all-pods", "-o", "json");
    const lines = json.out
      .trim()
      .split("\n")
      .slice(0, -1)
      .map((each) => JSON.parse(each));
    expect(lines.toSorted((a, b) => a.index - b.index)).toMatchObject(
      pods.map((pod, index) => ({ pod, index, container: "main", attempt: 1 })),
    );
  });

  it("are followed with one watch, and one look at each change, however many there are", async () => {
    const run = put({ phase: "Running", metrics: [{ name: "it", phase: "Running", jobSpec: indexed }] }, false);
    const line = (index: number) => `2026-01-01T00:00:10.00000000${index}Z line of ${index}\n`;
    const add = (index: number) => world().addPod(run, { suffix: `p000${index}`, index }, sendsThenHangs(line(index)));
    for (let index = 0; index < 9; index += 1) add(index);
    const client = createClient(AnalysisRunLogService, world().transport);
    const stop = new AbortController();
    const request = { namespace: run.namespace, name: run.name, allPods: true, follow: true };
    let text = "";
    for await (const { chunk } of client.getAnalysisRunLogs(request, { ...as(TOKENS.reader), signal: stop.signal })) {
      text += chunk;
      if (chunk !== "" && text.split("\n").length === 10) add(9);
      if (text.includes("line of 9\n")) break;
    }
    stop.abort();
    const pods = world().api.requests.filter((each) => /\/pods\?/.test(each));
    const watches = pods.filter((each) => each.includes("watch="));
    expect(watches.length).toBe(1);
    // Before the first log, when the watch had begun, and at the change; a watch lists first.
    expect(pods.length - watches.length).toBeLessThanOrEqual(5);
    expect(logRequests(world().api.requests).length).toBe(10);
  });

  it("are offered where one of several is shown", async () => {
    const [run] = sharded();
    expect((await cli("logs", run.name)).said[0]).toMatch(/; others: --all-pods, --pod \S+, --pod \S+$/);
  });

  it("are one text on the raw route, each line whole", async () => {
    const run = put({ phase: "Failed", metrics: [{ name: "it", phase: "Failed", jobSpec: indexed }] }, false);
    for (const [index, suffix] of ["aaaaa", "bbbbb"].entries()) {
      const answer = sends(`2026-01-01T00:00:0${index + 1}.000000000Z no line feed ${index}`);
      world().addPod(run, { suffix, index, phase: "Failed", containers: { main: terminated(1, at(20)) } }, answer);
    }
    const url = `${world().url}/raw/shop/${run.name}?all_pods=1`;
    const headers = { authorization: `Bearer ${TOKENS.reader}` };
    const response = await fetch(url, { headers });
    expect([response.status, await response.text()]).toEqual([200, "no line feed 0\nno line feed 1"]);
    const refused = await fetch(`${url}&pod=some-pod`, { headers });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("one pod or all of them")]);
  });
});

describe("pods of a Job that ran one after another", () => {
  it("are explained by the newest, as retries", async () => {
    const run = put({ phase: "Failed", metrics: [{ name: "it", phase: "Failed" }] }, false);
    world().addPod(run, { phase: "Failed", containers: { main: terminated(1, at(20)) } });
    const second = { suffix: "bbbbb", createdAt: at(30), phase: "Failed" };
    world().addPod(run, { ...second, containers: { main: terminated(2, at(40)) } });
    expect((await read(run)).text).toBe("live log of bbbbb\n");
    expect((await get(run)).cause).toMatchObject({ exitCode: 2, pods: 0, failedPods: 0 });
    expect((await page(run)).join(" ")).not.toContain("pods failed");
  });

  it("of one index among several are its retries: the newest of each counts", async () => {
    const run = put({ phase: "Failed", metrics: [{ name: "it", phase: "Failed", jobSpec: indexed }] }, false);
    const pod = (suffix: string, index: number, code: number, createdAt: string, end: string) =>
      world().addPod(run, {
        suffix,
        index,
        createdAt,
        phase: code === 0 ? "Succeeded" : "Failed",
        containers: { main: terminated(code, end) },
      });
    pod("aaaaa", 0, 1, at(10), at(20));
    pod("bbbbb", 1, 7, at(10), at(45));
    pod("ccccc", 0, 0, at(30), at(40));
    expect((await read(run)).text).toBe("live log of bbbbb\n");
    expect((await get(run)).cause).toMatchObject({ exitCode: 7, completionIndex: 1, pods: 2, failedPods: 1 });
  });
});

describe("a Job of 500 pods", () => {
  it("is told within bounds", async () => {
    const run = put({ phase: "Failed", metrics: [{ name: "it", phase: "Failed" }] }, false);
    for (let index = 0; index < 500; index += 1) {
      const suffix = `p${String(index).padStart(4, "0")}`;
      world().addPod(run, { suffix, index, phase: "Failed", containers: { main: terminated(1, at(20)) } });
    }
    const { cause } = await get(run);
    expect(cause).toMatchObject({ pods: 500, failedPods: 500, completionIndex: 0 });
    expect((await page(run)).join(" ").length).toBeLessThan(500);
  });
});
