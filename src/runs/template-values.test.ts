import { describe, expect, it } from "vitest";
import { makeAttempt, makeMetric, makeRun, RUN_UID } from "../../test/fakes/run.ts";
import { compileAddress } from "../template/address.ts";
import { MissingValue } from "../template/errors.ts";
import { templateValues } from "./template-values.ts";

const NOTHING = { shard: undefined, freight: [] };
const APP = { name: "f1", alias: "happy-otter", warehouse: "app" };
const CONFIG = { name: "f2", alias: undefined, warehouse: "config" };
const RUN = makeRun({
  promotion: "uat.p",
  freightCollection: "c0",
  labels: { team: "storefront" },
  annotations: { "example.com/build": "7" },
  args: { suite: "smoke" },
});

describe("variables", () => {
  it("for a whole run describe the run", () => {
    const { variables } = templateValues(RUN, { shard: "eu", freight: [APP] });
    expect(variables).toMatchObject({
      project: "shop",
      namespace: "shop",
      shard: "eu",
      stage: "uat",
      promotion: "uat.p",
      freight: "f1",
      freightAlias: "happy-otter",
      freightCollection: "c0",
      analysisRun: "uat.run-1",
      analysisRunUid: RUN_UID,
      phase: "Failed",
      startedAt: "2026-03-12T14:00:01Z",
      finishedAt: "2026-03-12T14:05:00Z",
    });
    for (const name of ["metricName", "attempt", "jobName", "jobNamespace", "podPrefix", "container"]) {
      expect(variables[name]).toBeUndefined();
    }
  });

  it("for an attempt have the attempt's phase and times", () => {
    const attempt = makeAttempt({ number: 3, phase: "Error", startedAt: "a", endedAt: "b" });
    const job = { namespace: "jobs", name: `${RUN_UID}.smoke.3` };
    const of = { metric: makeMetric(), attempt, job, container: { name: "main", init: false } };
    expect(templateValues(RUN, NOTHING, of).variables).toMatchObject({
      metricName: "smoke",
      attempt: "3",
      jobNamespace: "jobs",
      jobName: job.name,
      container: "main",
      phase: "Error",
      startedAt: "a",
      finishedAt: "b",
    });
  });

  it("for a running attempt have no end, even if its run has one", () => {
    const attempt = makeAttempt({ endedAt: undefined });
    expect(templateValues(RUN, NOTHING, { attempt }).variables.finishedAt).toBeUndefined();
  });

  it.each([
    [10, `${"j".repeat(10)}-`],
    [56, `${"j".repeat(56)}-`],
    [57, `${"j".repeat(57)}-`],
    [58, "j".repeat(58)],
    [200, "j".repeat(58)],
  ])("have the prefix of the pods' names for a Job name of %i characters", (length, podPrefix) => {
    const job = { namespace: "shop", name: "j".repeat(length) };
    expect(templateValues(RUN, NOTHING, { job }).variables.podPrefix).toBe(podPrefix);
  });

  it("have the Rollout and its revision, if there are any", () => {
    const { variables } = templateValues(makeRun({ stage: undefined, rollout: "ui", revision: "12" }), NOTHING);
    expect(variables).toMatchObject({ rollout: "ui", revision: "12", stage: undefined, promotion: undefined });
  });
});

describe("Freight", () => {
  it("is undefined if there are several, but each can be looked up by its Warehouse", () => {
    const { variables, lookups } = templateValues(RUN, { shard: undefined, freight: [APP, CONFIG] });
    expect([variables.freight, variables.freightAlias]).toEqual([undefined, undefined]);
    expect([lookups.freight?.("app"), lookups.freight?.("config"), lookups.freight?.("none")]).toEqual([
      "f1",
      "f2",
      undefined,
    ]);
  });

  it("that was deleted has its name, but no Warehouse", () => {
    const gone = { name: "f3", alias: undefined, warehouse: undefined };
    const { variables, lookups } = templateValues(RUN, { shard: undefined, freight: [gone] });
    expect([variables.freight, variables.freightAlias]).toEqual(["f3", undefined]);
    expect([lookups.freight?.("app"), lookups.freight?.("undefined"), lookups.freight?.("")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is a missing value for a template that names it, if there are several", () => {
    const one = compileAddress("https://logs.example/${{ freight }}", {});
    const both = compileAddress('https://logs.example/${{ freight("app") }}', {});
    const values = templateValues(RUN, { shard: undefined, freight: [APP, CONFIG] });
    expect(() => one.render(values)).toThrow(MissingValue);
    expect(both.render(values).href).toBe("https://logs.example/f1");
  });
});

describe("lookups", () => {
  it("find labels, annotations and arguments", () => {
    const { lookups } = templateValues(RUN, NOTHING);
    expect([lookups.label?.("team"), lookups.annotation?.("example.com/build"), lookups.arg?.("suite")]).toEqual([
      "storefront",
      "7",
      "smoke",
    ]);
  });

  it.each(["toString", "constructor", "__proto__", "hasOwnProperty", "missing"])("find no %s", (key) => {
    const { lookups } = templateValues(RUN, NOTHING);
    for (const lookup of Object.values(lookups)) expect(lookup?.(key)).toBeUndefined();
  });
});
