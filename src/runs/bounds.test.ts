import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { HOSTILE_PARTS, hostileRun, OBJECT_BYTES } from "../../test/fakes/hostile-runs.ts";
import { createLeftOutCounts, cutText } from "./bounds.ts";
import { parseRun, parseRunSummary } from "./parse-run.ts";
import type { Run } from "./run.ts";
import { verdictOf } from "./verdict.ts";

const REF = { namespace: "shop", name: "uat.run", uid: "00000000-0000-4000-8000-00000000aaaa" };
const partNamed = (name: string) => {
  const part = HOSTILE_PARTS.find((each) => each.name === name);
  if (part === undefined) throw new Error(`There is no part ${name}.`);
  return part;
};
const runWith = (name: string, bytes = OBJECT_BYTES): Run =>
  parseRun(hostileRun(REF, [{ part: partNamed(name), bytes }]));

/** Collects all garbage. */
function exposedGc(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** The parts of a run that its author can multiply, as they were parsed. */
function countsOf({ metrics, args, freight }: Run) {
  return {
    metrics: metrics.length,
    attempts: metrics.flatMap(({ attempts }) => attempts).length,
    containers: metrics.flatMap(({ containers }) => containers).length,
    args: Object.keys(args).length,
    freight: freight.length,
  };
}

/** Every text of a run. */
function textsOf(run: Run): readonly string[] {
  const texts: string[] = [];
  JSON.stringify(run, (key, value: unknown) => {
    texts.push(key);
    if (typeof value === "string") texts.push(value);
    return value;
  });
  return texts;
}

describe("a run of 1.45 MB", () => {
  it.each(HOSTILE_PARTS)("of which $name take most is read within the bounds", ({ name }) => {
    const run = runWith(name);
    const counts = countsOf(run);
    expect(counts.metrics).toBeLessThanOrEqual(200);
    expect(counts.attempts).toBeLessThanOrEqual(2_000);
    expect(counts.containers).toBeLessThanOrEqual(2_000);
    expect(counts.args).toBeLessThanOrEqual(500);
    expect(counts.freight).toBeLessThanOrEqual(20);
    expect(Math.max(...textsOf(run).map(({ length }) => length))).toBeLessThanOrEqual(16_384);
    expect(JSON.stringify(textsOf(run)).length).toBeLessThan(1_000_000);
    const summary = parseRunSummary(hostileRun(REF, [{ part: partNamed(name), bytes: OBJECT_BYTES }]));
    expect(JSON.stringify(summary).length).toBeLessThan(16_000);
  });

  it.each([
    ["metrics and results", { metrics: 15_912 }],
    ["a metric's name", { metrics: 1 }],
    ["measurements", { attempts: 6_631 }],
    ["containers", { containers: 59_417 }],
    ["containers without a valid name", { containers: 51_785 }],
    ["a container's name", { containers: 1 }],
    ["arguments", { args: 38_689 }],
    ["owners", { freight: 16_091 }],
    ["dry-run rules", { dryRuns: 45_262 }],
    ["labels", { labels: 28_103 }],
    ["annotations", { labels: 25_212 }],
  ])("of which %s take most says what is left out", (name, leftOut) => {
    expect(runWith(name).leftOut).toEqual({ ...createLeftOutCounts(), ...leftOut });
  });

  it("says that dry-run rules are ignored if they are costly to compile, or to match with its names", () => {
    expect(runWith("dry-run rules that are costly").leftOut.dryRuns).toBeGreaterThanOrEqual(480);
    const spec = {
      dryRun: [{ metricName: `${"(a?b)?".repeat(40)}$` }],
      metrics: Array.from({ length: 200 }, (_, index) => ({ name: "ab".repeat(120) + index })),
    };
    const { kind, apiVersion, metadata } = hostileRun(REF, []);
    expect(parseRun({ kind, apiVersion, metadata, spec }).leftOut.dryRuns).toBe(1);
  });
});

describe("of more metrics than are read,", () => {
  it("those that did not succeed are read first, in their order", () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `m-${index}`);
    const { metadata } = hostileRun(REF, []);
    const run = parseRun({
      metadata,
      spec: { metrics: names.map((name) => ({ name, provider: { web: {} } })) },
      status: {
        phase: "Failed",
        metricResults: [{ name: "m-999", phase: "Failed", measurements: [{ phase: "Failed" }] }],
      },
    });
    expect(run.metrics.map(({ name }) => name)).toEqual([...names.slice(0, 199), "m-999"]);
    expect(verdictOf(run)).toMatchObject({ result: "failed", metric: { name: "m-999" } });
  });

  it("each has its newest ten attempts", () => {
    const metrics = Array.from({ length: 200 }, (_, index) => ({ name: `m-${index}` }));
    const measurements = Array.from({ length: 20 }, () => ({ phase: "Failed", finishedAt: "2026-01-01T00:00:00Z" }));
    const { metadata } = hostileRun(REF, []);
    const metricResults = metrics.map(({ name }) => ({ name, count: 20, measurements }));
    const run = parseRun({ metadata, spec: { metrics }, status: { metricResults } });
    expect(run.leftOut).toMatchObject({ metrics: 0, attempts: 2_000 });
    for (const { attempts } of run.metrics)
      expect(attempts.map(({ number }) => number)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });
});

describe("a text that is cut", () => {
  it("ends with an ellipsis, and not with half a character", () => {
    expect(cutText("abc", 3)).toBe("abc");
    expect(cutText("abcd", 3)).toBe("ab…");
    expect(cutText("a\u{1f600}bc", 3)).toBe("a…");
  });

  it("does not keep the whole text in memory", () => {
    const gc = exposedGc();
    const kept: unknown[] = [];
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 100; index++) {
      const object = hostileRun({ ...REF, name: `run-${index}` }, [{ part: partNamed("the run's message"), bytes: 1 }]);
      const message = Buffer.alloc(1_000_000, `m${index} `).toString("latin1");
      kept.push(parseRunSummary({ ...object, status: { phase: "Failed", message } }));
    }
    gc();
    expect(kept).toHaveLength(100);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  });
});
