import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { podName, podObject, running, terminated, waiting } from "../../test/fakes/pods.ts";
import { type MiniKubernetes, startMiniKubernetes } from "./mini-kubernetes.ts";
import type { KubeObject } from "./objects.ts";
import type { ContainerRef } from "./pod-log.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const UID = "1c5989f1-ba2d-4e83-858b-fed0a712755f";
const JOB = `${UID}.smoke.1`;
const POD = podName({ job: JOB });

/** A user, and the user's permissions on pods in the namespace "shop". */
const user = (name: string, resource: string, verb: string): KubeObject[] => [
  { apiVersion: "demo.taffrail/v1", kind: "Token", metadata: { name }, token: name, user: { username: name } },
  {
    apiVersion: RBAC,
    kind: "Role",
    metadata: { name, namespace: "shop" },
    rules: [{ apiGroups: [""], resources: [resource], verbs: [verb] }],
  },
  {
    apiVersion: RBAC,
    kind: "RoleBinding",
    metadata: { name, namespace: "shop" },
    roleRef: { kind: "Role", name },
    subjects: [{ kind: "User", name }],
  },
];

const asked: ContainerRef[] = [];
let kubernetes: MiniKubernetes;
beforeEach(async () => {
  asked.length = 0;
  kubernetes = await startMiniKubernetes({
    objects: [
      ...user("lister", "pods", "list"),
      ...user("getter", "pods", "get"),
      ...user("reader", "pods/log", "get"),
    ],
    podLog: async (container) => {
      asked.push(container);
      if (container.container === "lost") return undefined;
      return { chunks: () => [Buffer.from("one\n"), Buffer.from("two\n")] };
    },
  });
});
afterEach(() => kubernetes.close());

async function call(path: string, token = "reader") {
  const answer = await fetch(kubernetes.url + path, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
}
const log = (query = "", token?: string) => call(`/api/v1/namespaces/shop/pods/${POD}/log?${query}`, token);
const put = (parts: object, spec: object = { nodeName: "worker-1" }) =>
  kubernetes.put(podObject({ uid: UID, job: JOB, spec, ...parts }));

describe("pods", () => {
  it("are listed by label for users who may list them", async () => {
    put({});
    put({ uid: "other", suffix: "bbbbb" });
    const path = "/api/v1/namespaces/shop/pods";
    const selector = `labelSelector=${encodeURIComponent(`analysisrun.argoproj.io/uid=${UID}`)}`;
    const { status, text } = await call(`${path}?${selector}`, "lister");
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ kind: "PodList", items: [{ metadata: { name: POD } }] });
    expect((await call(path, "reader")).status).toBe(403);
  });
});

describe("the log of a container", () => {
  it("is text, for users who may get it", async () => {
    put({});
    expect(await log()).toEqual({ status: 200, type: "text/plain", text: "one\ntwo\n" });
    expect(asked).toEqual([
      {
        namespace: "shop",
        pod: POD,
        job: JOB,
        container: "main",
        previous: false,
        startedAt: Date.parse("2026-01-01T00:00:01Z"),
      },
    ]);
  });

  it("requires permission on pods/log, and the pod permission on pods", async () => {
    put({});
    const { status, text } = await log("", "getter");
    expect(status).toBe(403);
    expect(JSON.parse(text).message).toBe(
      `pods "${POD}" is forbidden: User "getter" cannot get resource "pods/log" in API group "" in the namespace "shop"`,
    );
    expect((await call(`/api/v1/namespaces/shop/pods/${POD}`, "getter")).status).toBe(200);
    expect((await call(`/api/v1/namespaces/shop/pods/${POD}`, "reader")).status).toBe(403);
  });

  it("is 404 if there is no such pod", async () => {
    expect((await log()).status).toBe(404);
  });

  it("is the log from before a restart if requested, or if there is no other", async () => {
    put({ containers: { main: waiting("CrashLoopBackOff", 1) } });
    expect((await log("container=main")).status).toBe(200);
    expect((await log("container=main&previous=true")).status).toBe(200);
    expect(asked.map(({ previous }) => previous)).toEqual([false, true]);
  });

  it("is one sentence if the node has lost it", async () => {
    put({ containers: { lost: terminated(0) } });
    expect(await log()).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^unable to retrieve container logs for containerd:\/\/\w+$/),
    });
  });

  it("is empty while the pod is not scheduled", async () => {
    put({}, {});
    expect(await log()).toEqual({ status: 204, type: null, text: "" });
  });

  it.each<[string, object, string, string]>([
    [
      "of several containers none is named",
      { containers: { main: running(), proxy: running() } },
      "",
      `a container name must be specified for pod ${POD}, choose one of: [main proxy]`,
    ],
    ["there is no such container", {}, "container=gone", `container gone is not valid for pod ${POD}`],
    [
      "it waits to be started",
      { containers: { main: waiting("ImagePullBackOff") } },
      "",
      `container "main" in pod "${POD}" is waiting to start: ImagePullBackOff`,
    ],
    [
      "an init container waits",
      { initContainers: { seed: waiting("PodInitializing") } },
      "container=seed",
      `container "seed" in pod "${POD}" is waiting to start: PodInitializing`,
    ],
    ["there was no run before", {}, "previous=true", `previous terminated container "main" in pod "${POD}" not found`],
  ])("is 400 if %s", async (_what, parts, query, message) => {
    put(parts);
    const { status, text } = await log(query);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ kind: "Status", reason: "BadRequest", message });
  });
});
