import { beforeEach, describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { creatingApi } from "../../test/fakes/kube-api.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { createAccess, denied } from "./access.ts";

interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace: string;
  readonly name?: string;
}
interface Review {
  readonly spec: { readonly user: string; readonly resourceAttributes: Attributes };
}

const ANNA: Caller = { username: "anna", uid: "7", groups: ["a"], extra: { scope: ["x"] } };

let clock: { time: number; now(): number };
beforeEach(() => {
  clock = { time: 1_000_000, now: () => clock.time };
});

function accessOf(answer: (review: Review) => unknown, subresource?: "log") {
  const kube = creatingApi(answer);
  const access = createAccess({ kube, clock, subresource });
  /** The reviews in short form: `get analysisruns shop/run`. */
  const asked = (): string[] =>
    kube.created.map(({ body }) => {
      const { verb, resource, subresource: sub, namespace, name } = body.spec.resourceAttributes;
      return `${verb} ${resource}${sub === undefined ? "" : `/${sub}`} ${namespace}/${name ?? ""}`;
    });
  return { kube, access, asked };
}

const allow = (allowed: boolean) => () => ({ status: { allowed } });
/** Allows by name only. */
const byName = ({ spec }: Review) => ({ status: { allowed: spec.resourceAttributes.name !== undefined } });

describe("a review", () => {
  it("contains the whole caller and question", async () => {
    const { kube, access } = accessOf(byName);
    await access.mayReadRuns(ANNA, "shop", "run");
    expect(kube.created[1]).toEqual({
      resource: { group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews" },
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: {
          user: "anna",
          uid: "7",
          groups: ["a"],
          extra: { scope: ["x"] },
          resourceAttributes: {
            verb: "get",
            group: "argoproj.io",
            version: "v1alpha1",
            resource: "analysisruns",
            namespace: "shop",
            name: "run",
          },
        },
      },
    });
  });

  it("of a run is first made without a name, which covers the whole project", async () => {
    const { access, asked } = accessOf(allow(true));
    expect(await access.mayReadRuns(ANNA, "shop", "one")).toBe(true);
    expect(await access.mayReadRuns(ANNA, "shop", "two")).toBe(true);
    expect(await access.mayReadRuns(ANNA, "shop")).toBe(true);
    expect(asked()).toEqual(["get analysisruns shop/"]);
  });

  it("of a run is made by name if that is denied, once for each name", async () => {
    const { access, asked } = accessOf(({ spec }) => ({
      status: { allowed: spec.resourceAttributes.name === "mine" },
    }));
    expect(await access.mayReadRuns(ANNA, "shop", "mine")).toBe(true);
    expect(await access.mayReadRuns(ANNA, "shop", "other")).toBe(false);
    expect(await access.mayReadRuns(ANNA, "shop")).toBe(false);
    expect(asked()).toEqual(["get analysisruns shop/", "get analysisruns shop/mine", "get analysisruns shop/other"]);
  });

  it("of a Stage is made in the same way", async () => {
    const { access, asked } = accessOf(byName);
    expect(await access.mayReadStage(ANNA, "shop", "uat")).toBe(true);
    expect(asked()).toEqual(["get stages shop/", "get stages shop/uat"]);
    const all = accessOf(allow(true));
    expect(await all.access.mayReadStage(ANNA, "shop", "uat")).toBe(true);
    expect(await all.access.mayReadStage(ANNA, "shop", "prod")).toBe(true);
    expect(all.asked()).toEqual(["get stages shop/"]);
  });

  it("of a list is for the verb list, which get does not imply", async () => {
    const { access, asked } = accessOf(({ spec }) => ({ status: { allowed: spec.resourceAttributes.verb === "get" } }));
    expect(await access.mayReadRuns(ANNA, "shop")).toBe(true);
    expect(await access.mayListRuns(ANNA, "shop")).toBe(false);
    expect(asked()).toEqual(["get analysisruns shop/", "list analysisruns shop/"]);
  });

  it("of every project is for all namespaces", async () => {
    const { access, asked } = accessOf(allow(true));
    expect(await access.mayReadRunsEverywhere(ANNA)).toBe(true);
    expect(asked()).toEqual(["get analysisruns /"]);
  });

  it("is for the configured subresource of runs, but not for lists and Stages", async () => {
    const { access, asked } = accessOf(allow(false), "log");
    await access.mayReadRuns(ANNA, "shop", "run");
    await access.mayReadRunsEverywhere(ANNA);
    await access.mayListRuns(ANNA, "shop");
    await access.mayReadStage(ANNA, "shop", "uat");
    expect(asked()).toEqual([
      "get analysisruns/log shop/",
      "get analysisruns/log shop/run",
      "get analysisruns/log /",
      "list analysisruns shop/",
      "get stages shop/",
      "get stages shop/uat",
    ]);
  });
});

describe("a decision", () => {
  it.each([
    [{ allowed: true }, true],
    [{ allowed: true, denied: false }, true],
    [{ allowed: false }, false],
    [{ allowed: false, denied: true }, false],
    [{ allowed: true, denied: true }, false],
    [{ allowed: false, evaluationError: "webhook down" }, false],
  ])("for %j is %j", async (status, may) => {
    const { access } = accessOf(() => ({ status }));
    expect(await access.mayReadRuns(ANNA, "shop")).toBe(may);
    expect(await access.mayReadRunsEverywhere(ANNA)).toBe(may);
    expect(await access.mayReadStage(ANNA, "shop", "uat")).toBe(may);
    expect(await access.mayListRuns(ANNA, "shop")).toBe(may);
  });

  it.each([{}, { status: {} }, { status: { allowed: "true" } }, { status: { allowed: 1 } }, { status: null }, []])(
    "fails if the response cannot be parsed: %j",
    async (answer) => {
      const { access } = accessOf(() => answer);
      await expect(access.mayReadRuns(ANNA, "shop", "run")).rejects.toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
    },
  );

  it("fails if the cluster cannot be asked, and the failure is not cached", async () => {
    const failure = new Failure("unavailable", "KUBERNETES_UNAVAILABLE", "down");
    let down = true;
    const { kube, access } = accessOf(() => {
      if (down) throw failure;
      return { status: { allowed: true } };
    });
    await expect(access.mayReadRuns(ANNA, "shop", "run")).rejects.toBe(failure);
    await expect(access.mayListRuns(ANNA, "shop")).rejects.toBe(failure);
    down = false;
    expect(await access.mayReadRuns(ANNA, "shop", "run")).toBe(true);
    expect(kube.created).toHaveLength(3);
  });

  it("fails if only the review by name fails", async () => {
    const { access } = accessOf(({ spec }) => {
      if (spec.resourceAttributes.name === undefined) return { status: { allowed: false } };
      throw new Failure("unavailable", "KUBERNETES_UNAVAILABLE", "down");
    });
    await expect(access.mayReadRuns(ANNA, "shop", "run")).rejects.toThrow("down");
    await expect(access.mayReadStage(ANNA, "shop", "uat")).rejects.toThrow("down");
  });

  it.each([true, false])("of %s is cached for ten seconds, however often it is used", async (may) => {
    const { kube, access } = accessOf(allow(may));
    for (let second = 0; second <= 10; second += 1) {
      expect(await access.mayReadRuns(ANNA, "shop")).toBe(may);
      clock.time += 1_000;
    }
    expect(kube.created).toHaveLength(1);
    await access.mayReadRuns(ANNA, "shop");
    expect(kube.created).toHaveLength(2);
  });

  it("changes when a permission is revoked", async () => {
    let may = true;
    const { access } = accessOf(() => ({ status: { allowed: may } }));
    expect(await access.mayReadRuns(ANNA, "shop")).toBe(true);
    may = false;
    clock.time += 10_001;
    expect(await access.mayReadRuns(ANNA, "shop")).toBe(false);
  });

  it("takes one review for all concurrent callers", async () => {
    const gate = createGate<object>();
    const { kube, access } = accessOf(() => gate.opened);
    const waiting = [1, 2, 3].map(() => access.mayReadRuns(ANNA, "shop"));
    gate.open({ status: { allowed: true } });
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
    expect(kube.created).toHaveLength(1);
  });

  it.each<[string, Partial<Caller>]>([
    ["name", { username: "annb" }],
    ["uid", { uid: "8" }],
    ["missing uid", { uid: undefined }],
    ["group", { groups: ["b"] }],
    ["additional group", { groups: ["a", "b"] }],
    ["missing group", { groups: [] }],
    ["split between groups", { groups: ['a","b'] }],
    ["extra value", { extra: { scope: ["y"] } }],
    ["extra key", { extra: { scope: ["x"], more: [] } }],
    ["missing extra", { extra: {} }],
  ])("is not shared by callers who differ only in: %s", async (_, difference) => {
    const { kube, access } = accessOf(({ spec }) => ({
      status: { allowed: JSON.stringify(spec).includes(JSON.stringify(ANNA.extra)) },
    }));
    await access.mayReadRuns(ANNA, "shop");
    await access.mayReadRuns({ ...ANNA, ...difference }, "shop");
    await access.mayReadRuns(ANNA, "shop");
    expect(kube.created).toHaveLength(2);
  });

  it("is not shared by projects or names", async () => {
    const { access } = accessOf(({ spec }) => ({ status: { allowed: spec.resourceAttributes.namespace === "shop" } }));
    expect(await access.mayReadRuns(ANNA, "shop")).toBe(true);
    expect(await access.mayReadRuns(ANNA, "shop2")).toBe(false);
    expect(await access.mayReadRunsEverywhere(ANNA)).toBe(false);
  });

  it("is not shared by a name and a namespace that contains both", async () => {
    const { access, asked } = accessOf(byName);
    expect(await access.mayReadRuns(ANNA, "shop", "run")).toBe(true);
    expect(await access.mayReadRuns(ANNA, "shop/run")).toBe(false);
    expect(asked()).toEqual(["get analysisruns shop/", "get analysisruns shop/run", "get analysisruns shop/run/"]);
  });

  it("made afresh takes one review for each `afresh` object, and is cached for others", async () => {
    const { access, asked, kube } = accessOf(allow(true));
    await access.mayReadRuns(ANNA, "shop");
    const afresh = access.afresh();
    await Promise.all([1, 2, 3].map(() => afresh.mayReadRuns(ANNA, "shop")));
    await afresh.mayReadRuns(ANNA, "shop", "run");
    expect(asked()).toHaveLength(2);
    clock.time += 10_000;
    await access.mayReadRuns(ANNA, "shop");
    expect(kube.created).toHaveLength(2);
    await access.afresh().mayReadRuns(ANNA, "shop");
    expect(kube.created).toHaveLength(3);
  });

  it("is evicted if there are too many, and is still right for those waiting for it", async () => {
    const gate = createGate<object>();
    const { kube, access } = accessOf(({ spec }) =>
      spec.resourceAttributes.namespace === "mine" ? gate.opened : { status: { allowed: false } },
    );
    const mine = access.mayListRuns(ANNA, "mine");
    await access.mayListRuns(ANNA, "first");
    const flood = Array.from({ length: 50_001 }, (_, index) => access.mayListRuns(ANNA, `project-${index}`));
    await Promise.all(flood);
    gate.open({ status: { allowed: true } });
    expect(await mine).toBe(true);
    const before = kube.created.length;
    await access.mayListRuns(ANNA, "first");
    expect(kube.created).toHaveLength(before + 1);
  });
});

describe("a denial", () => {
  it("reads the same for every caller and object of a project", () => {
    const one = denied("shop");
    expect(one).toMatchObject({ kind: "denied", reason: "ACCESS_DENIED", available: undefined, tries: undefined });
    const { message, next } = denied("other");
    expect([message.replace("other", "shop"), next]).toEqual([one.message, one.next]);
  });
});

it("may not be allowed for a Stage by a name that no Stage can have, so that is not asked", async () => {
  const { access, asked } = accessOf(byName);
  for (const name of ["…".padStart(253, "s"), "uat/..", "UAT", ""])
    expect(await access.mayReadStage(ANNA, "shop", name)).toBe(false);
  expect(asked()).toEqual(["get stages shop/"]);
  const all = accessOf(allow(true));
  expect(await all.access.mayReadStage(ANNA, "shop", "UAT")).toBe(true);
});
