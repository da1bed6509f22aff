import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAccess } from "../access/access.ts";
import { CallerTurns } from "../access/caller-turns.ts";
import { systemClock } from "../clock.ts";
import { DEMO_CLUSTER } from "../demo/config.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import { loadObjects } from "../demo/objects.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { createKubeApi, type KubeApi } from "../kube/kube-api.ts";
import { createRate } from "../rate.ts";
import { RUNS_AT_ONCE, readAuthorizedRun } from "./authorized-run.ts";
import { RunReader } from "./run-reader.ts";

const never = new AbortController().signal;
const RUN = "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5";
const callerOf = (username: string): Caller => ({ username, uid: undefined, groups: [], extra: {} });
const VIEWER = callerOf("demo-viewer");
const OUTSIDER = callerOf("demo-outsider");
const RBAC = "rbac.authorization.k8s.io/v1";

let kubernetes: MiniKubernetes;
let kube: KubeApi;
/** The reads, in short form. */
const reads: string[] = [];
beforeAll(async () => {
  kubernetes = await startMiniKubernetes({ objects: loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), new Date()) });
  const credentials = async () => ({ headers: { authorization: "Bearer demo-gateway" }, tls: {} });
  const real = createKubeApi({ server: kubernetes.url, credentials });
  kube = {
    ...real,
    get: (resource, namespace, name, signal) => {
      reads.push(`${resource.plural} ${namespace}/${name}`);
      return real.get(resource, namespace, name, signal);
    },
  };
});
afterAll(async () => {
  await kube.close();
  await kubernetes.close();
});

const limits = () => ({
  calls: createRate({ perKey: 1_000 }, systemClock),
  runTurns: new CallerTurns(RUNS_AT_ONCE),
});
const read = (caller: Caller, namespace: string, name: string) =>
  readAuthorizedRun(
    { access: createAccess({ kube, clock: systemClock }), runs: new RunReader(kube, systemClock), ...limits() },
    caller,
    { namespace, name },
    never,
  );

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

/** Lets a user get the named objects, or all of these kinds. */
function allow(user: string, resources: string[], resourceNames: string[] = []): void {
  const name = `${user}-${resources.join("-")}-${resourceNames.length}`;
  const metadata = { name, namespace: "guestbook" };
  const rule = { apiGroups: ["*"], resources, verbs: ["get"], resourceNames };
  kubernetes.put({ apiVersion: RBAC, kind: "Role", metadata, rules: [rule] });
  const subjects = [{ kind: "User", name: user }];
  kubernetes.put({ apiVersion: RBAC, kind: "RoleBinding", metadata, roleRef: { kind: "Role", name }, subjects });
}

describe("a run", () => {
  it("is read for a caller who may read runs and Stages of the project", async () => {
    expect(await read(VIEWER, "guestbook", RUN)).toMatchObject({ name: RUN, stage: "uat" });
  });

  it("is read for a caller who may read only this run and its Stage", async () => {
    allow("narrow", ["analysisruns"], [RUN]);
    allow("narrow", ["stages"], ["uat"]);
    expect(await read(callerOf("narrow"), "guestbook", RUN)).toMatchObject({ name: RUN });
    const other = "dev.01kkh6pam01pbwvj1g26p8xzgj.00d90e5";
    expect(await failureOf(read(callerOf("narrow"), "guestbook", other))).toMatchObject({ reason: "ACCESS_DENIED" });
  });

  it("is not requested for a caller without access", async () => {
    reads.length = 0;
    expect(await failureOf(read(OUTSIDER, "guestbook", RUN))).toMatchObject({ kind: "denied" });
    expect(reads).toEqual([]);
  });

  it("is denied in the same words, whether or not it and its project exist, without either permission", async () => {
    allow("no-stages", ["analysisruns"]);
    allow("stages-only", ["stages"]);
    const told = await Promise.all(
      [
        read(OUTSIDER, "guestbook", RUN),
        read(OUTSIDER, "guestbook", "no-such-run"),
        read(OUTSIDER, "no-such-project", RUN),
        read(VIEWER, "payments", "dev.01kkhb8t40ftdpa6d9tpp92c7m.074a8ce"),
        read(callerOf("no-stages"), "guestbook", RUN),
        read(callerOf("stages-only"), "guestbook", RUN),
      ].map(async (work) => {
        const { kind, reason, message, next, available, tries, cause } = await failureOf(work);
        const project = /"([^"]*)"/.exec(message)?.[1] ?? "";
        return JSON.stringify({ kind, reason, message: message.replace(project, "P"), next, available, tries, cause });
      }),
    );
    expect(new Set(told).size).toBe(1);
  });

  it("that does not exist is reported as missing only to a caller who may read the project's runs", async () => {
    expect(await failureOf(read(VIEWER, "guestbook", "no-such-run"))).toMatchObject({
      kind: "not-found",
      reason: "RUN_NOT_FOUND",
      message: 'There is no run "no-such-run" in project "guestbook".',
    });
  });

  it("of a deleted Stage can be read by a caller who may read Stages", async () => {
    const gone = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "of-gone", namespace: "guestbook", labels: { "kargo.akuity.io/stage": "deleted" } },
    };
    kubernetes.put(gone);
    expect(await read(VIEWER, "guestbook", "of-gone")).toMatchObject({ stage: "deleted" });
    allow("no-stages", ["analysisruns"]);
    expect(await failureOf(read(callerOf("no-stages"), "guestbook", "of-gone"))).toMatchObject({ kind: "denied" });
  });

  it("that is cached is still denied to a caller without access", async () => {
    const runs = new RunReader(kube, systemClock);
    const readKept = (caller: Caller) => {
      const access = createAccess({ kube, clock: systemClock });
      return readAuthorizedRun({ access, runs, ...limits() }, caller, { namespace: "guestbook", name: RUN }, never, {
        kept: true,
      });
    };
    allow("no-stages", ["analysisruns"]);
    const run = await readKept(VIEWER);
    reads.length = 0;
    expect(await readKept(VIEWER)).toBe(run);
    for (const caller of [OUTSIDER, callerOf("no-stages")])
      expect(await failureOf(readKept(caller))).toMatchObject({ reason: "ACCESS_DENIED" });
    expect(reads).toEqual([]);
  });

  it("without a Stage requires no permission on Stages", async () => {
    allow("no-stages", ["analysisruns"]);
    expect(await read(callerOf("no-stages"), "guestbook", "guestbook-ui-7d9c5b8f64-12-2")).toMatchObject({
      stage: undefined,
    });
  });

  it.each([
    ["", RUN],
    ["guestbook", ""],
    ["..", RUN],
    ["guestbook", ".."],
    ["guestbook/analysisruns", RUN],
    ["guestbook", `${RUN}/status`],
    ["Guestbook", RUN],
    ["a.b", RUN],
    ["guestbook", "a?watch=1"],
    ["guestbook", "a".repeat(254)],
  ])("is rejected without a request for the invalid name %j %j", async (namespace, name) => {
    reads.length = 0;
    const asked: unknown[] = [];
    const access = createAccess({ kube: { ...kube, create: async () => asked.push(1) }, clock: systemClock });
    const runs = new RunReader(kube, systemClock);
    expect(
      await failureOf(readAuthorizedRun({ access, runs, ...limits() }, VIEWER, { namespace, name }, never)),
    ).toMatchObject({
      kind: "bad-request",
      reason: "NAME_INVALID",
    });
    expect([reads, asked]).toEqual([[], []]);
  });
});
