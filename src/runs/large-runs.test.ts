import { afterEach, describe, expect, it } from "vitest";
import { HOSTILE_PARTS, hostileRun, OBJECT_BYTES } from "../../test/fakes/hostile-runs.ts";
import { systemClock } from "../clock.ts";
import { startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import type { KubeObject } from "../demo/objects.ts";
import { Failure } from "../failure.ts";
import { createKubeApi } from "../kube/kube-api.ts";
import { Reduced } from "../kube/reduced.ts";
import { LargeRuns } from "./large-runs.ts";
import { parseRun, parseRunSummary, parseVersionedSummary } from "./parse-run.ts";
import { RunLists } from "./run-lists.ts";
import { RunReader } from "./run-reader.ts";
import { createWatchedRuns } from "./watched-runs.ts";

const REF = { namespace: "shop", name: "run", uid: "00000000-0000-4000-8000-000000000001" };
const never = new AbortController().signal;

let opened: LargeRuns | undefined;
afterEach(() => opened?.close());

function open(): LargeRuns {
  opened = new LargeRuns();
  return opened;
}

function textOf(name: string): string {
  return JSON.stringify(runOf(name));
}

function runOf(name: string): KubeObject {
  const part = HOSTILE_PARTS.find((each) => each.name === name);
  if (part === undefined) throw new Error(`There is no part ${name}.`);
  return hostileRun(REF, [{ part, bytes: OBJECT_BYTES }]);
}

describe("a large run", () => {
  it.each(["measurements", "containers", "labels", "arguments", "dry runs that failed"])(
    "is parsed in another thread to what it would be here: %s",
    async (part) => {
      const text = textOf(part);
      expect(await open().run(text, never)).toEqual(new Reduced(parseRun(JSON.parse(text)), text.length));
    },
  );

  it("does not occupy the event loop while it is parsed", async () => {
    const large = open();
    const text = textOf("measurements without anything");
    await large.run(text, never);
    let turns = 0;
    const parsed = large.run(text, never).then(() => "parsed");
    const turn = () => new Promise<string>((resolve) => setImmediate(resolve, "turn"));
    while ((await Promise.race([parsed, turn()])) === "turn") turns += 1;
    // Parsed here, it would be one.
    expect(turns).toBeGreaterThan(10);
  });

  it("that is not an AnalysisRun is an error, and the next one is still parsed", async () => {
    const large = open();
    await expect(large.run("{", never)).rejects.toThrow(Failure);
    await expect(large.run('{"metadata":{}}', never)).rejects.toThrow("metadata.namespace is not a string");
    expect(await large.run(textOf("labels"), never)).toBeInstanceOf(Reduced);
  });

  it("of a caller who has left is not parsed", async () => {
    const large = open();
    const leave = new AbortController();
    const first = large.run(textOf("labels"), never);
    const second = large.run(textOf("labels"), leave.signal);
    leave.abort(new Error("left"));
    await expect(second).rejects.toThrow("left");
    expect(await first).toBeInstanceOf(Reduced);
  });

  it("fails if the thread ends, and the next one is parsed by a new thread", async () => {
    const large = open();
    const cut = large.run(textOf("labels"), never);
    await large.close();
    await expect(cut).rejects.toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
    expect(await large.run(textOf("labels"), never)).toBeInstanceOf(Reduced);
  });
});

it("a long list of runs is parsed in another thread to summaries, with each run's share of its bytes", async () => {
  const items = Array.from({ length: 3 }, (_, at) => hostileRun({ ...REF, name: `run-${at}` }, []));
  const text = JSON.stringify({
    metadata: { continue: "next", resourceVersion: "7" },
    items: [...items, { other: 1 }],
  });
  expect(await open().list(text, never)).toEqual({
    items: [...items.map(parseRunSummary), undefined].map((each) => new Reduced(each, text.length / 4)),
    metadata: { continue: "next", resourceVersion: "7" },
  });
});

describe("what a watch receives of large runs", () => {
  const withVersion = (name: string, resourceVersion: string) => {
    const object = runOf(name);
    return { ...object, metadata: { ...object.metadata, resourceVersion } };
  };
  const keptOf = (object: ReturnType<typeof withVersion>, bytes: number) => ({
    metadata: {
      name: REF.name,
      namespace: REF.namespace,
      uid: REF.uid,
      resourceVersion: object.metadata.resourceVersion,
    },
    summary: new Reduced(parseVersionedSummary(object), bytes),
  });

  it("is an event, of which its metadata and its summary are kept", async () => {
    const object = withVersion("labels", "8");
    const text = JSON.stringify({ type: "MODIFIED", object });
    expect(await open().watched(text, never)).toEqual({ type: "MODIFIED", object: keptOf(object, text.length) });
  });

  it("is a list, of each of whose runs the same is kept", async () => {
    const items = [withVersion("containers", "6"), withVersion("measurements", "7")];
    const text = JSON.stringify({ metadata: { resourceVersion: "7" }, items });
    expect(await open().watched(text, never)).toEqual({
      metadata: { resourceVersion: "7" },
      items: items.map((each) => keptOf(each, text.length / 2)),
    });
  });

  it("is not parsed on the event loop, and reaches readers like other runs", async () => {
    const kubernetes = await startMiniKubernetes({ objects: [runOf("containers"), TOKEN, ...ALL] });
    const kube = createKubeApi({ server: kubernetes.url, credentials });
    const large = open();
    const asked: string[] = [];
    const spying = {
      watched: (text: string, signal: AbortSignal) => {
        asked.push(text.slice(0, 20));
        return large.watched(text, signal);
      },
    };
    const watched = createWatchedRuns(kube, spying);
    const all = watched.watch("shop", never)[Symbol.asyncIterator]();
    const one = watched.watchOne("shop", REF.name, never)[Symbol.asyncIterator]();
    try {
      const summary = parseRunSummary(runOf("containers"));
      expect((await all.next()).value).toEqual([summary]);
      expect((await one.next()).value).toMatchObject([{ ...summary, version: expect.any(String) }]);
      const changed = runOf("containers");
      kubernetes.put({ ...changed, status: { ...(changed.status as object), phase: "Error" } } as KubeObject);
      expect((await all.next()).value).toMatchObject([{ phase: "Error" }]);
      expect((await one.next()).value).toMatchObject([{ phase: "Error" }]);
      expect(asked).toHaveLength(4);
    } finally {
      await Promise.all([all.return?.(), one.return?.()]);
      await kube.close();
      await kubernetes.close();
    }
  });
});

it("only a large response is parsed in another thread, and its reader learns its bytes", async () => {
  const plain = hostileRun({ ...REF, name: "plain" }, []);
  const kubernetes = await startMiniKubernetes({ objects: [plain, runOf("containers"), TOKEN, ...ALL] });
  const kube = createKubeApi({ server: kubernetes.url, credentials });
  const large = open();
  const length = expect.closeTo(textOf("containers").length, -4);
  const runs = new RunReader(kube, systemClock, large);
  const lists = new RunLists(kube, { newest: () => undefined }, large);
  try {
    const [small, wide] = [await runs.read({ ...REF, name: "plain" }, never), await runs.read(REF, never)];
    expect([small?.metrics[0]?.containers.length, wide?.metrics[0]?.containers.length]).toEqual([1, 1_000]);
    expect([small && runs.bytesOf(small), wide && runs.bytesOf(wide)]).toEqual([0, length]);
    expect(await runs.read({ ...REF, name: "none" }, never)).toBeUndefined();
    const { runs: listed, bytes } = await lists.read("shop", undefined, never);
    expect([listed.map(({ name }) => name), bytes]).toEqual([["plain", "run"], length]);
    kubernetes.remove({ ...runOf("containers") });
    expect((await lists.read("shop", undefined, never)).bytes).toBeUndefined();
  } finally {
    await kube.close();
    await kubernetes.close();
  }
});

const TOKEN = {
  apiVersion: "demo.taffrail/v1",
  kind: "Token",
  metadata: { name: "t" },
  token: "t",
  user: { username: "admin" },
} as KubeObject;
const credentials = async () => ({ headers: { authorization: "Bearer t" }, tls: {} });
const ALL = [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "all" },
    rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "all" },
    roleRef: { kind: "ClusterRole", name: "all" },
    subjects: [{ kind: "User", name: "admin" }],
  },
] as unknown as KubeObject[];
