import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MiniKubernetes, startMiniKubernetes } from "./mini-kubernetes.ts";
import type { KubeObject } from "./objects.ts";

const RUNS = "/apis/argoproj.io/v1alpha1/namespaces/shop/analysisruns";
const RBAC = "rbac.authorization.k8s.io/v1";
const user = (name: string, verb: string, resourceNames: readonly string[] = []): KubeObject[] => [
  { apiVersion: "demo.taffrail/v1", kind: "Token", metadata: { name }, token: name, user: { username: name } },
  {
    apiVersion: RBAC,
    kind: "Role",
    metadata: { name, namespace: "shop" },
    rules: [{ apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: [verb], resourceNames }],
  },
  {
    apiVersion: RBAC,
    kind: "RoleBinding",
    metadata: { name, namespace: "shop" },
    roleRef: { kind: "Role", name },
    subjects: [{ kind: "User", name }],
  },
];

let kubernetes: MiniKubernetes;
beforeEach(async () => {
  const objects = [...user("watcher", "watch"), ...user("lister", "list"), ...user("of-a", "watch", ["a"])];
  kubernetes = await startMiniKubernetes({ objects, bookmarkMs: 5 });
});
afterEach(() => kubernetes.close());

const put = (name: string, more: { readonly labels?: Record<string, string>; readonly namespace?: string } = {}) =>
  kubernetes.put({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name, namespace: "shop", ...more },
  });
const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);

async function watch(query: string, token = "watcher") {
  const answer = await fetch(`${kubernetes.url}${RUNS}?watch=true&${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const pieces = answer.body?.[Symbol.asyncIterator]();
  let rest = "";
  return {
    status: answer.status,
    /** The next event: type, name, version, labels. `undefined` at the end. */
    async next(): Promise<string | undefined> {
      while (!rest.includes("\n")) {
        const { value } = (await pieces?.next()) ?? {};
        if (value === undefined) return undefined;
        rest += Buffer.from(value).toString();
      }
      const end = rest.indexOf("\n");
      const { type, object } = JSON.parse(rest.slice(0, end));
      rest = rest.slice(end + 1);
      const { name = "", resourceVersion = "" } = object.metadata;
      return type === "ERROR" ? `ERROR ${object.code} ${object.message}` : `${type} ${name}@${resourceVersion}`;
    },
  };
}

describe("a watch", () => {
  it("sends what is added, modified and deleted after a version, for the path's kind and namespace", async () => {
    const before = versionOf(put("a"));
    const { next } = await watch(`resourceVersion=${before}`);
    const changed = versionOf(put("a"));
    put("b", { namespace: "elsewhere" });
    kubernetes.put({
      apiVersion: "kargo.akuity.io/v1alpha1",
      kind: "Stage",
      metadata: { name: "a", namespace: "shop" },
    });
    const added = versionOf(put("b"));
    kubernetes.remove(put("a"));
    expect(await next()).toBe(`MODIFIED a@${changed}`);
    expect(await next()).toBe(`ADDED b@${added}`);
    expect(await next()).toBe(`MODIFIED a@${added + 1}`);
    expect(await next()).toBe(`DELETED a@${added + 2}`);
  });

  it("first sends what changed since an older version", async () => {
    const before = versionOf(put("a"));
    const added = versionOf(put("b"));
    expect(await (await watch(`resourceVersion=${before}`)).next()).toBe(`ADDED b@${added}`);
  });

  it.each(["", "resourceVersion=0"])("starts with all objects for %j", async (query) => {
    const a = versionOf(put("a"));
    const { next } = await watch(query);
    expect(await next()).toBe(`ADDED a@${a}`);
    put("b");
    expect(await next()).toBe(`ADDED b@${a + 1}`);
  });

  it("selects one name or labels: objects that start or stop matching are added or deleted", async () => {
    const from = versionOf(put("a"));
    const named = await watch(`resourceVersion=${from}&fieldSelector=metadata.name%3Da`);
    const labelled = await watch(`resourceVersion=${from}&labelSelector=x%3Dy`);
    put("b", { labels: { x: "z" } });
    put("b", { labels: { x: "y" } });
    put("b", { labels: { x: "y" } });
    put("b");
    put("a");
    expect(await named.next()).toBe(`MODIFIED a@${from + 5}`);
    expect([await labelled.next(), await labelled.next(), await labelled.next()]).toEqual([
      `ADDED b@${from + 2}`,
      `MODIFIED b@${from + 3}`,
      `DELETED b@${from + 4}`,
    ]);
  });

  it("sends bookmarks if requested", async () => {
    const from = versionOf(put("a"));
    const { next } = await watch(`resourceVersion=${from}&allowWatchBookmarks=true`);
    put("b", { namespace: "elsewhere" });
    let said = await next();
    while (said === `BOOKMARK @${from}`) said = await next();
    expect(said).toBe(`BOOKMARK @${from + 1}`);
  });

  it("ends after its timeout", async () => {
    const from = versionOf(put("a"));
    expect(await (await watch(`resourceVersion=${from}&timeoutSeconds=0.001`)).next()).toBeUndefined();
  });

  it("gets 410 for a version that is too old: before the first one, or no longer recorded", async () => {
    const old = versionOf(put("a"));
    put("a");
    expect(await (await watch("resourceVersion=1")).next()).toMatch(/^ERROR 410 too old resource version: 1 \(\d+\)$/);
    kubernetes.forget();
    const { next } = await watch(`resourceVersion=${old}`);
    expect(await next()).toMatch(/^ERROR 410 /);
    expect(await next()).toBeUndefined();
    const now = await watch(`resourceVersion=${old + 1}`);
    put("a");
    expect(await now.next()).toBe(`MODIFIED a@${old + 2}`);
  });

  it("gets 410 if there were more changes than are recorded", async () => {
    const old = versionOf(put("a"));
    for (let count = 0; count <= 1000; count += 1) put("b");
    expect(await (await watch(`resourceVersion=${old}`)).next()).toMatch(/^ERROR 410 /);
    expect(await (await watch(`resourceVersion=${old + 1}`)).next()).toBe(`MODIFIED b@${old + 2}`);
  });

  it("requires permission to watch, which may be for one name", async () => {
    put("a");
    expect((await watch("", "lister")).status).toBe(403);
    expect((await watch("", "of-a")).status).toBe(403);
    expect((await watch("fieldSelector=metadata.name%3Db", "of-a")).status).toBe(403);
    expect((await watch("fieldSelector=metadata.name%3Da", "of-a")).status).toBe(200);
  });
});
