import { afterEach, describe, expect, it } from "vitest";
import { type ApiServer, sendJson, startApiServer } from "../../test/fakes/api-server.ts";
import { type MadePod, podName, podObject, running, terminated, waiting } from "../../test/fakes/pods.ts";
import { makeRun, RUN_UID } from "../../test/fakes/run.ts";
import type { KubeObject } from "../demo/objects.ts";
import { createKubeApi } from "../kube/kube-api.ts";
import type { Pod } from "./pod.ts";
import { readPods } from "./read-pods.ts";

const OTHER_UID = "6b4b76b0-e179-4773-a6e0-f3c09514b7dd";
const JOB = `${RUN_UID}.smoke.1`;
const made = (parts: Partial<MadePod> = {}) => podObject({ uid: RUN_UID, job: JOB, ...parts });

const LOST = {
  terminated: { exitCode: 137, reason: "ContainerStatusUnknown", startedAt: null, finishedAt: null },
};

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Reads from a server that lists these pods in chunks, whatever the selector. */
async function read(
  chunks: readonly (readonly unknown[])[],
  namespaces: readonly string[] = ["shop"],
): Promise<{ readonly pods: readonly Pod[]; readonly server: ApiServer }> {
  const server = await startApiServer((request, response) => {
    const at = Number(new URL(request.url ?? "/", "http://api").searchParams.get("continue") ?? 0);
    const more = at + 1 < chunks.length ? { continue: String(at + 1) } : {};
    sendJson(response, 200, { metadata: more, items: chunks[at] });
  });
  const api = createKubeApi({ server: server.url, credentials: async () => ({ headers: {}, tls: {} }) });
  closing.push(
    () => api.close(),
    () => server.close(),
  );
  return { pods: await readPods(api, makeRun(), namespaces, new AbortController().signal), server };
}

function changed({ metadata, ...rest }: KubeObject, by: object): KubeObject {
  return { ...rest, metadata: { ...metadata, ...by } };
}

describe("the list of a run's pods", () => {
  it("selects pods by the run's uid, once in each namespace", async () => {
    const { server } = await read([[]], ["shop", "jobs", "shop"]);
    const selector = `labelSelector=${encodeURIComponent(`analysisrun.argoproj.io/uid=${RUN_UID}`)}`;
    expect(server.requests).toEqual([
      `GET /api/v1/namespaces/shop/pods?limit=16&${selector}`,
      `GET /api/v1/namespaces/jobs/pods?limit=16&${selector}`,
    ]);
  });

  it("sends no request if no Job can be the run's", async () => {
    const { pods, server } = await read([[made()]], []);
    expect(pods).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["without the label", changed(made(), { labels: {} })],
    ["without any labels", changed(made(), { labels: null })],
    ["with the label of another run", changed(made(), { labels: { "analysisrun.argoproj.io/uid": OTHER_UID } })],
    ["that nobody owns", changed(made(), { ownerReferences: [] })],
    ["that something else than a Job owns", changed(made(), { ownerReferences: [{ kind: "ReplicaSet", name: JOB }] })],
    ["of another run's Job", made({ job: `${OTHER_UID}.smoke.1` })],
    ["of a Job whose name only begins as the uid does", made({ job: `${RUN_UID}x.smoke.1` })],
    ["of a Job named as the uid alone", made({ job: RUN_UID })],
    ["that is no pod", { metadata: { name: 7 } }],
    ["that is nothing", null],
  ])("omits one %s, whatever the server returned", async (_what, stranger) => {
    const { pods } = await read([[stranger, made({ suffix: "zzzzz" })]]);
    expect(pods.map(({ name }) => name)).toEqual([podName({ job: JOB, suffix: "zzzzz" })]);
  });

  it("is in order of creation, then by name", async () => {
    const { pods } = await read([
      [made({ suffix: "late", createdAt: "2026-01-01T00:10:00Z" }), made({ suffix: "b" })],
      [made({ suffix: "a" }), made({ suffix: "early", createdAt: "2025-12-31T23:00:00Z" })],
    ]);
    expect(pods.map(({ name }) => name.slice(-5).replace(/.*-/, ""))).toEqual(["early", "a", "b", "late"]);
  });

  it("stops reading an endless list", async () => {
    const chunk = Array.from({ length: 250 }, (_, index) => made({ suffix: String(index) }));
    const { server } = await read([chunk, chunk, chunk, chunk, chunk, chunk]);
    expect(server.requests).toHaveLength(4);
  });
});

describe("a pod's status", () => {
  const one = async (parts: Partial<MadePod>): Promise<Pod | undefined> => (await read([[made(parts)]])).pods[0];

  it("has the pod and its containers, init containers first", async () => {
    const pod = await one({ initContainers: { seed: terminated(0) }, containers: { main: running() } });
    expect(pod).toEqual({
      namespace: "shop",
      name: podName({ job: JOB }),
      jobName: JOB,
      createdAt: "2026-01-01T00:00:00Z",
      index: undefined,
      deleted: false,
      scheduled: false,
      phase: "Running",
      reason: "",
      message: "",
      containers: [
        {
          name: "seed",
          init: true,
          sidecar: false,
          up: false,
          state: "terminated",
          exitCode: 0,
          reason: "Completed",
          message: "",
          restarts: 0,
          startedAt: "2026-01-01T00:00:01Z",
          endedAt: "2026-01-01T00:04:59Z",
        },
        {
          name: "main",
          init: false,
          sidecar: false,
          up: true,
          state: "running",
          exitCode: undefined,
          reason: "",
          message: "",
          restarts: 0,
          startedAt: "2026-01-01T00:00:01Z",
          endedAt: undefined,
        },
      ],
    });
  });

  it("shows which init container is a sidecar, whether it has started, and whether the pod has a node", async () => {
    const spec = {
      nodeName: "node-1",
      initContainers: [{ name: "seed" }, { name: "proxy", restartPolicy: "Always" }],
    };
    const starting = { ...running(), started: false };
    for (const [proxy, up] of [
      [running(), true],
      [starting, false],
      [waiting("PodInitializing"), false],
    ] as const) {
      const pod = await one({ spec, initContainers: { seed: terminated(0), proxy } });
      expect(pod).toMatchObject({
        scheduled: true,
        containers: [
          { name: "seed", sidecar: false },
          { name: "proxy", init: true, sidecar: true, up },
          { name: "main" },
        ],
      });
    }
  });

  it.each<[string, Partial<MadePod>, object]>([
    [
      "killed for its memory",
      { containers: { main: terminated(137, undefined, "OOMKilled") } },
      { state: "terminated", exitCode: 137, reason: "OOMKilled" },
    ],
    [
      "that waits to be restarted: how it ended before",
      { containers: { main: waiting("CrashLoopBackOff", 2) } },
      { state: "waiting", exitCode: 2, reason: "CrashLoopBackOff", restarts: 3, endedAt: "2026-01-01T00:04:00Z" },
    ],
    [
      "whose image cannot be had",
      { containers: { main: waiting("ImagePullBackOff") } },
      { state: "waiting", exitCode: undefined, reason: "ImagePullBackOff", startedAt: undefined },
    ],
    [
      "that runs again: nothing of how it ended before",
      { containers: { main: { ...running(), restartCount: 1, lastState: { terminated: { exitCode: 2 } } } } },
      { state: "running", exitCode: undefined, endedAt: undefined, restarts: 1 },
    ],
    ["of which nothing is said", { containers: { main: undefined } }, { state: "waiting", reason: "" }],
    [
      "of which nothing is said any more, since the pod is over",
      { phase: "Failed", containers: { main: undefined } },
      { state: "unknown", exitCode: undefined, reason: "" },
    ],
    [
      "of whose end nobody knows: the kubelet's 137 is not its own",
      { containers: { main: terminated(137, undefined, "ContainerStatusUnknown") } },
      { state: "terminated", exitCode: undefined, reason: "ContainerStatusUnknown" },
    ],
    [
      "that was lost with its times, and waits no more",
      { phase: "Failed", containers: { main: { ...waiting("ContainerCreating"), lastState: LOST } } },
      { state: "unknown", exitCode: undefined, reason: "", startedAt: undefined, endedAt: undefined },
    ],
    ["whose state is empty", { containers: { main: { state: {} } } }, { state: "unknown" }],
  ])("knows a container %s", async (_what, parts, expected) => {
    expect((await one(parts))?.containers[0]).toMatchObject(expected);
  });

  it("says why a pod is not scheduled", async () => {
    const conditions = [
      { type: "Ready", status: "False" },
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" },
    ];
    expect(await one({ phase: "Pending", status: { conditions } })).toMatchObject({
      phase: "Pending",
      reason: "Unschedulable",
      message: "0/3 nodes are available",
    });
  });

  it("says why a pod was ended, rather than why it was not scheduled", async () => {
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }];
    const status = { conditions, reason: "Evicted", message: "The node was low on resource: memory." };
    expect(await one({ phase: "Failed", status })).toMatchObject({ reason: "Evicted", message: status.message });
  });

  it("has the completion index of an Indexed Job, and whether it is being deleted", async () => {
    expect(await one({ index: 2, deletedAt: "2026-01-01T00:00:21Z" })).toMatchObject({ index: 2, deleted: true });
    for (const odd of ["", "-1", "two", "1e9"]) {
      const { pods } = await read([
        [changed(made(), { annotations: { "batch.kubernetes.io/job-completion-index": odd } })],
      ]);
      expect(pods[0]?.index).toBeUndefined();
    }
  });

  it("has the reason of a disruption, where its status has none", async () => {
    const conditions = [{ type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler", message: "m" }];
    expect(await one({ phase: "Failed", status: { conditions } })).toMatchObject({
      reason: "PreemptionByScheduler",
      message: "m",
    });
  });

  it("may be missing, and its lists may be null", async () => {
    const { status: _status, ...bare } = made({});
    const spec = { containers: [{ name: "main" }], initContainers: null };
    const nulls = { ...made({}), spec, status: { containerStatuses: null, conditions: null } };
    const { pods } = await read([[bare, nulls]]);
    for (const pod of pods) expect(pod).toMatchObject({ reason: "", containers: [{ name: "main", state: "waiting" }] });
    expect(pods.map(({ phase }) => phase)).toEqual(["", ""]);
  });
});
