import { describe, expect, it } from "vitest";
import type { Access } from "../access/access.ts";
import type { Caller } from "../identity/caller.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { ProjectLists } from "./project-lists.ts";

const never = new AbortController().signal;
const CALLER: Caller = { username: "anna", uid: undefined, groups: [], extra: {} };

const refuse = (): never => {
  throw new Error("must not be called");
};

/** A cluster with these namespaces, listed in chunks of 250. */
function clusterOf(names: readonly unknown[]) {
  const selectors: (string | undefined)[] = [];
  const kube: KubeApi = {
    get: refuse,
    create: refuse,
    close: refuse,
    watch: refuse,
    openPodLog: refuse,
    async *list(_resource, _namespace, { labelSelector }) {
      selectors.push(labelSelector);
      for (let from = 0; from < names.length; from += 250) {
        yield names.slice(from, from + 250).map((name) => ({ metadata: { name } }));
      }
    },
  };
  return { kube, selectors };
}

function accessTo(may: (namespace: string) => boolean | Promise<boolean>, everywhere = false) {
  const asked: string[] = [];
  let atOnce = 0;
  const most = { atOnce: 0 };
  const access: Access = {
    afresh: refuse,
    mayListRuns: refuse,
    mayWatchRuns: refuse,
    mayExplain: refuse,
    mayReadStage: refuse,
    mayReadRunsEverywhere: async () => everywhere,
    mayReadRuns: async (_caller, namespace) => {
      asked.push(namespace);
      atOnce += 1;
      most.atOnce = Math.max(most.atOnce, atOnce);
      const answer = await may(namespace);
      atOnce -= 1;
      return answer;
    },
  };
  return { access, asked, most };
}

/** Reads the list of a caller for whom nothing is kept. */
const listProjects = (
  { access, kube }: { readonly access: Access; readonly kube: KubeApi },
  caller: Caller,
  labelSelector: string,
  signal: AbortSignal,
) => new ProjectLists({ access, kube, clock: { now: () => 0 }, labelSelector }).read(caller, signal);

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `p${String(index).padStart(4, "0")}`);

describe("projects", () => {
  it("are those in which the caller may read runs, sorted by name", async () => {
    const { kube } = clusterOf(["shop", "bank", "zoo", "attic"]);
    const { access } = accessTo((name) => name !== "bank");
    expect(await listProjects({ access, kube }, CALLER, "", never)).toEqual({
      names: ["attic", "shop", "zoo"],
      incomplete: false,
    });
  });

  it("are all of them, without a review for each, if the caller may read runs everywhere", async () => {
    const { kube } = clusterOf(["shop", "bank"]);
    const { access, asked } = accessTo(() => false, true);
    expect(await listProjects({ access, kube }, CALLER, "", never)).toEqual({
      names: ["bank", "shop"],
      incomplete: false,
    });
    expect(asked).toEqual([]);
  });

  it("are none if the caller may read none, or none exists", async () => {
    const { access } = accessTo(() => false);
    expect((await listProjects({ access, kube: clusterOf(["shop"]).kube }, CALLER, "", never)).names).toEqual([]);
    expect((await listProjects({ access, kube: clusterOf([]).kube }, CALLER, "", never)).names).toEqual([]);
  });

  it("are selected by the label selector, if there is one", async () => {
    const { kube, selectors } = clusterOf([]);
    const { access } = accessTo(() => true);
    await listProjects({ access, kube }, CALLER, "a=b", never);
    await listProjects({ access, kube }, CALLER, "", never);
    expect(selectors).toEqual(["a=b", undefined]);
  });

  it("do not include objects without a name", async () => {
    const { kube } = clusterOf(["shop", undefined, 7, null]);
    const { access } = accessTo(() => true);
    expect((await listProjects({ access, kube }, CALLER, "", never)).names).toEqual(["shop"]);
  });

  it("are reviewed once each, 16 at a time, up to 1,000; beyond that, the list is incomplete", async () => {
    for (const count of [1_000, 1_001, 3_000]) {
      const { kube } = clusterOf(numbered(count));
      const { access, asked, most } = accessTo(() => true);
      const { names, incomplete } = await listProjects({ access, kube }, CALLER, "", never);
      expect(names).toEqual(numbered(1_000));
      expect(incomplete).toBe(count > 1_000);
      expect([...asked].sort()).toEqual(numbered(1_000));
      expect(most.atOnce).toBe(16);
    }
  });

  it("are at most 1,000 even if the caller may read all of them", async () => {
    const { kube } = clusterOf(numbered(1_500));
    const { access } = accessTo(() => false, true);
    const { names, incomplete } = await listProjects({ access, kube }, CALLER, "", never);
    expect([names.length, incomplete]).toEqual([1_000, true]);
  });

  it("cannot be listed if one review fails", async () => {
    const { kube } = clusterOf(["shop", "bank"]);
    const { access } = accessTo((name) => {
      if (name === "bank") throw new Error("down");
      return true;
    });
    await expect(listProjects({ access, kube }, CALLER, "", never)).rejects.toThrow("down");
  });

  it("are not reviewed any further once the reader has left", async () => {
    const leaving = new AbortController();
    const { kube } = clusterOf(numbered(500));
    const { access, asked } = accessTo(() => {
      leaving.abort(new Error("left"));
      return true;
    });
    await expect(listProjects({ access, kube }, CALLER, "", leaving.signal)).rejects.toThrow("left");
    expect(asked.length).toBeLessThanOrEqual(16);
  });

  it("are reviewed once for all who wait, and kept for 30 s for callers with the same rights", async () => {
    const clock = { time: 1_000, now: () => clock.time };
    const { kube, selectors } = clusterOf(["shop", "bank"]);
    const { access, asked } = accessTo(() => true);
    const lists = new ProjectLists({ access, kube, clock, labelSelector: "" });
    const read = (caller: Caller) => lists.read({ ...caller }, never);
    await Promise.all([read(CALLER), read(CALLER)]);
    clock.time += 29_999;
    await read(CALLER);
    expect([asked.length, selectors.length]).toEqual([2, 1]);
    await read({ ...CALLER, groups: ["admins"] });
    expect([asked.length, selectors.length]).toEqual([4, 2]);
    clock.time += 2;
    await read(CALLER);
    expect([asked.length, selectors.length]).toEqual([6, 2]);
  });
});
