import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { KubeObject } from "../../src/demo/objects.ts";
import { createKubeApi, type KubeApi } from "../../src/kube/kube-api.ts";
import { ANALYSIS_RUNS, PODS } from "../../src/kube/resources.ts";
import { type Forwarder, startForwarder } from "../fakes/forwarder.ts";
import { podObject, running, terminated, waiting } from "../fakes/pods.ts";
import { TestProject } from "./project.ts";
import { KubeClient } from "./servers/kube-client.ts";

const NAMESPACE = "watched";
const never = new AbortController().signal;

describe("a watch of a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  let project: TestProject;
  let forwarder: Forwarder;
  let kube: KubeApi;
  let direct: KubeApi;
  let runs = 0;

  beforeAll(async () => {
    project = await TestProject.create(admin, NAMESPACE, inject("store").files);
    forwarder = await startForwarder(kubernetes.url, kubernetes.ca);
    const credentials = async () => ({
      headers: { authorization: `Bearer ${kubernetes.adminToken}` },
      tls: { ca: kubernetes.ca },
    });
    kube = createKubeApi({ server: forwarder.url, credentials });
    direct = createKubeApi({ server: kubernetes.url, credentials });
  });

  afterAll(async () => {
    await forwarder?.close();
    await kube?.close();
    await direct?.close();
    await admin.close();
  });

  const addRun = async () => {
    runs += 1;
    const { name } = await project.addRun(`watched-${runs}`, "uat", ["robot"], { phase: "Running" });
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/analysisruns/${name}`;
    return {
      name,
      setPhase: async (phase: string) => {
        const { body } = await admin.request("GET", path);
        const run = body as KubeObject & { readonly status: object };
        await admin.replace({ ...run, status: { ...run.status, phase } });
      },
      remove: () => admin.request("DELETE", path),
    };
  };

  /** Reads phases until one matches. */
  const phases = (api: KubeApi, name: string, signal = never) => {
    const sets = api.watch(ANALYSIS_RUNS, NAMESPACE, { name }, signal)[Symbol.asyncIterator]();
    const next = async (): Promise<readonly string[]> => {
      const { value } = await sets.next();
      return value.map((run: { status: { phase: string } }) => run.status.phase);
    };
    return { next, leave: () => sets.return?.() };
  };
  const untilWatched = (name: string, times = 1) =>
    expect
      .poll(() => forwarder.asked.filter((path) => path.includes("watch=true") && path.includes(name)).length, {
        timeout: 10_000,
      })
      .toBe(times);

  it("reports each change of one run, its deletion and a new one of its name", async () => {
    const run = await addRun();
    const { next, leave } = phases(direct, run.name);
    expect(await next()).toEqual(["Running"]);
    // Other objects of the kind are not part of the watch.
    await addRun();
    await run.setPhase("Failed");
    expect(await next()).toEqual(["Failed"]);
    await run.remove();
    expect(await next()).toEqual([]);
    await leave();
  });

  it("reports a pod by its labels, from before it exists", async () => {
    const uid = "0d0f5c6e-0000-4000-8000-000000000001";
    const labelSelector = `analysisrun.argoproj.io/uid=${uid}`;
    const sets = direct.watch(PODS, NAMESPACE, { labelSelector }, never)[Symbol.asyncIterator]();
    const next = async () => (await sets.next()).value;
    expect(await next()).toEqual([]);
    const made = { namespace: NAMESPACE, uid, job: `${uid}.robot.1`, spec: { nodeName: "nowhere" } };
    const pod = await admin.create(podObject({ ...made, phase: "Pending", containers: { main: waiting("X") } }));
    let set = await next();
    expect(set).toMatchObject([{ metadata: { name: pod.metadata.name } }]);

    const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.metadata.name}`;
    for (const [phase, main] of [
      ["Running", running()],
      ["Failed", terminated(1)],
    ] as const) {
      const { status } = podObject({ ...made, phase, containers: { main } });
      const { body } = await admin.request("GET", path);
      expect((await admin.request("PUT", `${path}/status`, { ...(body as object), status })).status).toBe(200);
      while (set[0]?.status.phase !== phase) set = await next();
    }
    await admin.request("DELETE", `${path}?gracePeriodSeconds=0`);
    while (set.length > 0) set = await next();
    await sets.return?.();
  });

  it("starts over when its version is too old", async () => {
    const run = await addRun();
    let isFirst = true;
    forwarder.rewrite((path) => {
      if (!isFirst || !path.includes("watch=true")) return path;
      isFirst = false;
      return path.replace(/resourceVersion=\d+/, "resourceVersion=1");
    });
    const { next, leave } = phases(kube, run.name);
    expect(await next()).toEqual(["Running"]);
    await untilWatched(run.name, 2);
    await run.setPhase("Failed");
    expect(await next()).toEqual(["Failed"]);
    const lists = forwarder.asked.filter((path) => !path.includes("watch=true") && path.includes(run.name));
    expect(lists).toHaveLength(2);
    await leave();
  });

  it("continues without a new list when the server ends it after its timeout", async () => {
    const run = await addRun();
    let isFirst = true;
    forwarder.rewrite((path) => {
      if (!isFirst || !path.includes("watch=true")) return path;
      isFirst = false;
      return path.replace(/timeoutSeconds=\d+/, "timeoutSeconds=1");
    });
    const { next, leave } = phases(kube, run.name);
    expect(await next()).toEqual(["Running"]);
    await untilWatched(run.name, 2);
    await run.setPhase("Failed");
    expect(await next()).toEqual(["Failed"]);
    expect(forwarder.asked.filter((path) => path.includes(run.name))).toHaveLength(3);
    await leave();
  });

  it("loses no change when the connection is cut", async () => {
    const run = await addRun();
    forwarder.rewrite((path) => path);
    const { next, leave } = phases(kube, run.name);
    expect(await next()).toEqual(["Running"]);
    await untilWatched(run.name);
    forwarder.cut();
    await run.setPhase("Error");
    expect(await next()).toEqual(["Error"]);
    await leave();
  });

  it("is denied to callers who may only list", async () => {
    const rules = [{ apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["get", "list"] }];
    const token = await project.addUser("lister", rules);
    const lister = createKubeApi({
      server: kubernetes.url,
      credentials: async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca: kubernetes.ca } }),
    });
    const run = await addRun();
    const { next } = phases(lister, run.name);
    expect(await next()).toEqual(["Running"]);
    await expect(next()).rejects.toMatchObject({ kind: "refused", reason: "KUBERNETES_REFUSED" });
    await lister.close();
  });

  it("shares few connections with many others", async () => {
    const run = await addRun();
    const many = Array.from({ length: 300 }, () => phases(direct, run.name));
    expect(await Promise.all(many.map(({ next }) => next()))).toEqual(Array(300).fill(["Running"]));
    const waiting = many.map(({ next }) => next());
    await run.setPhase("Failed");
    expect(await Promise.all(waiting)).toEqual(Array(300).fill(["Failed"]));
    for (const { leave } of many) await leave();
  });
});
