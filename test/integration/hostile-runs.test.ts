import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunLogService,
  GetAnalysisRunResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { hangs, sends } from "../fakes/scripted-store.ts";
import { analysisRun, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

/** The default maximum message size of gRPC clients. */
const CLIENTS_TAKE = 4 * 1024 * 1024;
const LOG = "the newest\n";
const UID = "00000000-0000-4000-8000-00000000aaaa";
const PATHS = ["${{ jobName }}/${{ container }}/report.html", "${{ jobName }}", "${{ attempt }}/${{ container }}"];

/** A run of one metric with many measurements, by Jobs of several containers. */
function manyTimes(name: string, count: number, message = "", containers: readonly string[] = ["main"]): KubeObject {
  const object = analysisRun({ namespace: "shop", name, uid: UID, metrics: [{ containers }] });
  const measurements = Array.from({ length: count }, (_, index) => ({
    phase: "Failed",
    message,
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: "2026-01-01T00:05:00Z",
    metadata: { "job-name": `${UID}.checks.${index + 1}`, "job-namespace": "shop" },
  }));
  const metricResults = [{ name: "checks", phase: "Failed", count, measurements }];
  return { ...object, status: { phase: "Failed", metricResults } };
}

describe.each(PROTOCOLS)("a hostile run over $name", (protocol) => {
  const world = useWorld({
    config: {
      limits: { callsPerCaller: 1_000_000 },
      links: PATHS.map((path, index) => ({ title: `Report ${index}`, url: `https://reports.example.com/${path}` })),
    },
  });
  const unlinked = useWorld({
    config: {
      limits: { callsPerCaller: 1_000_000 },
      links: ["${{ jobName }}", "${{ promotion }}/${{ container }}"].map((path, index) => ({
        title: `Report ${index}`,
        url: `https://reports.example.com/${path}`,
      })),
    },
  });
  const bearer = { authorization: `Bearer ${TOKENS.reader}` };
  const getRun = async (name: string) => {
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const response = await client.getAnalysisRun({ namespace: "shop", name }, as(TOKENS.reader));
    return { run: response.analysisRun, size: toBinary(GetAnalysisRunResponseSchema, response).length };
  };
  const read = (name: string, more: object = {}) =>
    readLog(world().transport(protocol), { namespace: "shop", name, ...more });
  const raw = async (name: string) => (await fetch(`${world().url}/raw/shop/${name}`, { headers: bearer })).text();

  it("with 10,000 measurements of ten containers: lists the newest, and links only for the newest of these", async () => {
    const containers = Array.from({ length: 10 }, (_, index) => `container-${index}`);
    world().cluster.put(manyTimes("many", 10_000, "x".repeat(50), containers));
    world().store.answer(`/hidden-shelf/shop/${UID}.checks.10000/container-0.log`, sends(LOG));
    const { run, size } = await getRun("many");
    expect(size).toBeLessThan(CLIENTS_TAKE);
    const attempts = run?.metrics[0]?.attempts ?? [];
    expect(attempts.map(({ number }) => number)).toEqual(Array.from({ length: 1_000 }, (_, index) => 9_001 + index));
    expect(run?.leftOut).toMatchObject({ attempts: 9_000, containers: 0, links: true });
    expect(attempts.at(-1)?.links).toHaveLength(21);
    expect(attempts[0]?.links).toEqual([]);
    expect(await read("many")).toMatchObject({ text: LOG, origin: { attempt: 10_000 } });
    expect(await raw("many")).toBe(LOG);
    const { error } = await read("many", { attempt: { case: "attemptNumber", value: 10_001 } });
    expect(error).toMatchObject({ code: "NotFound", reason: "ATTEMPT_NOT_FOUND" });
    expect(error?.whole.length).toBeLessThan(4096);
  });

  it("with a Job of 20,000 containers: limits its links too", async () => {
    const containers = Array.from({ length: 20_000 }, (_, index) => `container-${index}`);
    world().cluster.put(manyTimes("wide", 1, "", containers));
    const { run, size } = await getRun("wide");
    expect(size).toBeLessThan(CLIENTS_TAKE);
    expect(run?.metrics[0]?.containers).toHaveLength(1_000);
    expect(run?.leftOut).toMatchObject({ containers: 19_000 });
    const { error } = await read("wide", { containerName: "none" });
    expect(error).toMatchObject({ code: "NotFound", reason: "CONTAINER_NOT_FOUND" });
    expect(error?.whole.length).toBeLessThan(4096);
  });

  it("with links that cannot be rendered: stops trying", async () => {
    const containers = Array.from({ length: 600 }, (_, index) => `a-${index}`);
    unlinked().cluster.put(manyTimes("unlinked", 1_500, "", containers));
    const client = createClient(AnalysisRunLogService, unlinked().transport(protocol));
    const { analysisRun: run } = await client.getAnalysisRun(
      { namespace: "shop", name: "unlinked" },
      as(TOKENS.reader),
    );
    const attempts = run?.metrics[0]?.attempts ?? [];
    expect(run?.leftOut).toMatchObject({ links: true });
    // The link that does not name a container can be rendered, until the others have spent the budget.
    expect(attempts.flatMap(({ number, links }) => links.map(() => number))).toEqual([1_499, 1_500]);
  });

  it.each(["initialDelay", "interval"])("with a megabyte of digits as %s: is read", async (field) => {
    const object = manyTimes("delayed", 1);
    const { metrics } = object.spec as { metrics: object[] };
    world().cluster.put({
      ...object,
      spec: { metrics: metrics.map((each) => ({ ...each, [field]: "1".repeat(1e6) })) },
    });
    world().store.answer(`/hidden-shelf/shop/${UID}.checks.1/main.log`, sends(LOG));
    expect((await getRun("delayed")).run?.metrics).toHaveLength(1);
    expect((await read("delayed")).text).toBe(LOG);
  });

  it("with 3 MB: is read", async () => {
    world().cluster.put(manyTimes("large", 10, "x".repeat(300_000)));
    world().store.answer(`/hidden-shelf/shop/${UID}.checks.10/main.log`, sends(LOG));
    expect((await getRun("large")).size).toBeLessThan(CLIENTS_TAKE);
    expect((await read("large")).text).toBe(LOG);
    expect(await raw("large")).toBe(LOG);
    const missing = await read("large", { metricName: "x".repeat(1000) });
    expect(missing.error?.reason).toBe("METRIC_NOT_FOUND");
    expect(missing.error?.whole.length).toBeLessThan(4096);
  });

  it("with 20,000 metrics and their results: reads 200 of them, and says how many more there are", async () => {
    const object = manyTimes("metrics", 1);
    const { metrics } = object.spec as { metrics: object[] };
    const names = Array.from({ length: 20_000 }, (_, index) => `m-${index}`);
    world().cluster.put({
      ...object,
      spec: { metrics: [...names.map((name) => ({ name })), ...metrics] },
      status: { metricResults: names.map((name) => ({ name, phase: "Successful" })) },
    });
    const { run } = await getRun("metrics");
    expect(run?.metrics).toHaveLength(200);
    expect(run?.metrics.at(-1)).toMatchObject({ name: "m-199", phase: AnalysisPhase.SUCCESSFUL });
    expect(run?.leftOut).toMatchObject({ metrics: 19_801 });
  });

  it("with conditions that would expand to gigabytes: does not expand them", async () => {
    const object = manyTimes("condition", 1);
    const [metric] = (object.spec as { metrics: object[] }).metrics;
    const successCondition = "result < {{args.long}} ".repeat(1_000);
    const metrics = [metric, ...Array.from({ length: 50 }, (_, at) => ({ name: `more-${at}`, successCondition }))];
    world().cluster.put({ ...object, spec: { args: [{ name: "long", value: "9".repeat(100_000) }], metrics } });
    world().store.answer(`/hidden-shelf/shop/${UID}.checks.1/main.log`, sends(LOG));
    const { run, size } = await getRun("condition");
    expect(size).toBeLessThan(CLIENTS_TAKE);
    expect(run?.metrics[1]?.successCondition).toHaveLength(4_000);
    expect((await read("condition")).text).toBe(LOG);
  });

  it.each([
    ["without the field", undefined],
    ["that is null", null],
    ["that is empty", ""],
  ])("with a metric name %s: stays harmless", async (_, name) => {
    const object = manyTimes("nameless", 1);
    const { metrics } = object.spec as { metrics: object[] };
    const { metricResults } = object.status as { metricResults: object[] };
    const spec = { metrics: metrics.map((each) => ({ ...each, name })) };
    world().cluster.put({
      ...object,
      spec,
      status: { metricResults: metricResults.map((each) => ({ ...each, name })) },
    });
    world().store.answer(`/hidden-shelf/shop/${UID}.checks.1/main.log`, sends(LOG));
    expect((await getRun("nameless")).run?.metrics).toMatchObject([{ name: "", attempts: [{ number: 1 }] }]);
    expect((await read("nameless")).text).toBe(LOG);
    expect(await raw("nameless")).toBe(LOG);
  });

  it("with odd names: shows exactly these names", async () => {
    const { name } = world().addLog(sends(LOG));
    expect((await read(name)).text).toBe(LOG);
    const asked = world().store.asked.length;
    const alike = [
      // Cyrillic a, full-width, a combining mark, a soft hyphen, a zero-width space, dots of other scripts, a direction
      // override, a NUL.
      name.replace("a", "\u0430"),
      name.replace("u", "\uff55"),
      `${name}\u0301`,
      name.replace("-", "\u00ad"),
      name.replace(".", ".\u200b"),
      name.replace(".", "\u3002"),
      name.replace(".", "\uff0e"),
      `\u202e${name}`,
      `${name}\0`,
      `p/../${name}`,
      `%2e%2e%2f${name}`,
      `%252e%252e%252f${name}`,
      `${name}/..`,
      "x".repeat(254),
    ];
    for (const wrong of alike) {
      const { error } = await read(wrong);
      expect([wrong, error?.code]).toEqual([wrong, "InvalidArgument"]);
      const client = createClient(AnalysisRunLogService, world().transport(protocol));
      const getting = client.getAnalysisRun({ namespace: "shop", name: wrong }, as(TOKENS.reader));
      expect((await errorOf(getting)).code).toBe("InvalidArgument");
      const { error: ofProject } = await readLog(world().transport(protocol), { namespace: wrong, name });
      expect([wrong, ofProject?.code]).toEqual([wrong, "InvalidArgument"]);
    }
    expect(world().store.asked.length).toBe(asked);
  });
});

describe("a hostile run on the raw route", () => {
  const world = useWorld({ config: { limits: { callsPerCaller: 1_000_000 } } });
  const get = async (path: string, token: string = TOKENS.reader) => {
    const answer = await fetch(`${world().url}/raw/${path}`, { headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, text: await answer.text() };
  };

  it.each([
    ["another run's", `${UID.replaceAll("a", "b")}.checks.1`, "shop"],
    ["nobody's", "payroll", "shop"],
    ["one in another project", `${UID}.checks.1`, "elsewhere"],
    ["one that steps out of its folder", `${UID}.checks/../../payroll.1`, "shop"],
  ])("that names a foreign Job is rejected: %s", async (_, name, namespace) => {
    const asked = world().store.asked.length;
    const metrics = [{ job: { name, namespace } }];
    world().cluster.put(analysisRun({ namespace: "shop", name: "uat.liar", uid: UID, metrics }));
    const { status, text } = await get("shop/uat.liar");
    expect(status).toBe(404);
    expect(text).toContain("(JOB_NOT_OF_RUN)");
    expect(text).not.toContain("payroll");
    expect(world().store.asked.length).toBe(asked);
  });

  it("of a Stage that the caller may not read is rejected", async () => {
    const asked = world().store.asked.length;
    const { name } = world().addLog(hangs);
    const { status, text } = await get(`shop/${name}`, TOKENS.stageless);
    expect([status, text]).toEqual([403, expect.stringContaining("(ACCESS_DENIED)")]);
    expect(world().store.asked.length).toBe(asked);
  });

  it.each([
    ["a Cyrillic letter", "shop/u\u0430t.run", 400],
    ["a full-width letter", "shop/\uff55at.run", 400],
    ["a full stop of another script", "shop/uat\u3002run", 400],
    ["a zero-width space", "shop/uat.\u200brun", 400],
    ["a project in full width", "\uff53hop/uat.run", 400],
    ["a turned direction", "shop/\u202euat.run", 400],
    ["254 characters", `shop/${"x".repeat(254)}`, 400],
    ["253 characters, which may be", `shop/${"x".repeat(253)}`, 404],
  ])("with %s in its name is rejected", async (_, path, status) => {
    expect((await get(path)).status).toBe(status);
  });
});
