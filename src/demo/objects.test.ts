import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRun } from "../runs/parse-run.ts";
import { readPods } from "../runs/read-pods.ts";
import { createLogFiles } from "./log-files.ts";
import { type KubeObject, loadObjects } from "./objects.ts";

const NOW = new Date("2026-03-12T14:00:00.500Z");
const read = (at: string): unknown =>
  loadObjects(`apiVersion: v1\nkind: Namespace\nmetadata: { name: x }\nat: ${at}\n`, NOW)[0]?.at;

describe("loadObjects", () => {
  it.each([
    ["now", "2026-03-12T14:00:00Z"],
    ["now-6m14s", "2026-03-12T13:53:46Z"],
    ["now-2d3h", "2026-03-10T11:00:00Z"],
    ["now-90d", "2025-12-12T14:00:00Z"],
  ])("reads %s as a time", (scalar, time) => {
    expect(read(scalar)).toBe(time);
  });

  it("leaves quoted scalars and other words unchanged", () => {
    expect(read('"now-6m"')).toBe("now-6m");
    expect(read("nowhere")).toBe("nowhere");
    expect(read("now-ish")).toBe("now-ish");
  });

  it("reads every duration as relative to now", () => {
    const unit = fc.nat({ max: 99 });
    fc.assert(
      fc.property(unit, unit, unit, unit, (d, h, m, s) => {
        const ago = NOW.getTime() - Date.parse(read(`now-${d}d${h}h${m}m${s}s`) as string);
        expect(ago).toBe((((d * 24 + h) * 60 + m) * 60 + s) * 1000 + 500);
      }),
    );
  });

  it.each([
    ["a time that is none", "kind: A\napiVersion: v1\nmetadata: { name: a }\n---\nx: 1\nat: now-6x\n", ":6: "],
    ["a missing name", "kind: A\napiVersion: v1\nmetadata: {}\n", ":3: not a Kubernetes object: metadata.name: "],
    [
      "a role's binding to something else",
      "kind: RoleBinding\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: { name: a }\nroleRef:\n  name: x\n  kind: role\n",
      ":6: not a Kubernetes object: roleRef.kind: ",
    ],
    [
      "a token without a user",
      "kind: Token\napiVersion: demo.taffrail/v1\nmetadata: { name: a }\ntoken: a\n",
      ":1: not a Kubernetes object: user: ",
    ],
    ["a document that is no map", "---\n- a\n", ":2: not a Kubernetes object: "],
    ["wrong YAML", "kind: A\nb: }\n", ":2: "],
    ["a key that is there twice", "kind: A\nkind: B\n", ":2: "],
    [
      "an object that is there twice",
      "kind: A\napiVersion: v1\nmetadata: { name: a }\n---\nkind: A\napiVersion: v1\nmetadata: { name: a }\n",
      ":5: ",
    ],
  ])("says file and line of %s", (_what, text, place) => {
    expect(() => loadObjects(text, NOW, "mine.yaml")).toThrow(`mine.yaml${place}`);
  });

  it("skips empty documents", () => {
    expect(loadObjects("---\n---\n# nothing\n", NOW)).toEqual([]);
  });
});

describe("cluster.yaml", () => {
  const objects = loadObjects(readFileSync(new URL("./cluster.yaml", import.meta.url), "utf8"), NOW);
  const runs = objects.filter(({ kind }) => kind === "AnalysisRun");
  const phaseOf = (run: (typeof runs)[number]): string => (run.status as { phase: string }).phase;

  it("has runs of every phase that a newcomer should see", () => {
    expect(new Set(runs.map(phaseOf))).toEqual(new Set(["Failed", "Successful", "Running", "Pending"]));
    expect(new Set(runs.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["guestbook", "payments"]));
  });

  it("names each Job after its run, metric and attempt, in at most 63 characters", () => {
    const names = runs.flatMap(({ metadata, status }) => {
      const { metricResults = [] } = status as { metricResults?: { name: string; measurements: Measurement[] }[] };
      return metricResults.flatMap(({ name, measurements }) =>
        measurements.flatMap((each, index) =>
          each.metadata === undefined
            ? []
            : [{ is: each.metadata["job-name"], should: `${metadata.uid}.${name}.${index + 1}` }],
        ),
      );
    });
    expect(names).toHaveLength(11);
    for (const { is, should } of names) {
      expect(is).toBe(should);
      expect(should.length).toBeLessThanOrEqual(63);
    }
  });

  it("has the Freight and the Promotion that its runs reference", () => {
    const there = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`));
    for (const { metadata } of runs) {
      const owners = metadata.ownerReferences as { kind: string; name: string }[];
      for (const owner of owners.filter(({ kind }) => kind === "Freight")) {
        expect(there).toContain(`Freight ${metadata.namespace} ${owner.name}`);
      }
      const promotion = (metadata.annotations as Record<string, string> | undefined)?.["kargo.akuity.io/promotion"];
      if (promotion !== undefined) expect(there).toContain(`Promotion ${metadata.namespace} ${promotion}`);
    }
  });

  it("has pods that belong to its runs, with the log of each started container", async () => {
    const pods = objects.filter(({ kind }) => kind === "Pod");
    const reader = createKubeReader(pods);
    const files = createLogFiles({ now: NOW, clock: { now: () => NOW.getTime() } });
    const told: string[] = [];
    for (const object of runs) {
      const run = parseRun(object);
      const found = await readPods(reader, run, [run.namespace], new AbortController().signal);
      for (const { namespace, jobName, phase, reason, containers } of found) {
        const metric = run.metrics.find(({ attempts }) => attempts.some((each) => each.claimedJob?.name === jobName));
        expect(metric?.containers).toEqual(containers.map(({ name, init }) => ({ name, init })));
        told.push(`${jobName.slice(37)} ${phase}${reason && ` ${reason}`}`);
        for (const { name, state } of containers) {
          const log = await files.find(`/logs/${namespace}/${jobName}/${name}.log`);
          expect(log !== undefined).toBe(state !== "waiting");
        }
      }
    }
    expect(told).toHaveLength(pods.length);
    expect(told.toSorted()).toEqual([
      "integration.1 Failed",
      "robot.1 Pending Unschedulable",
      "robot.2 Failed",
      "soak.1 Running",
    ]);
  });
});

/** Lists objects, whatever the selector. */
function createKubeReader(objects: readonly KubeObject[]) {
  return {
    list: async function* () {
      yield objects;
    },
  };
}

interface Measurement {
  readonly metadata?: Readonly<Record<string, string>>;
}
