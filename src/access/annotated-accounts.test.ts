import { beforeEach, describe, expect, it } from "vitest";
import { startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import type { KubeObject } from "../demo/objects.ts";
import type { AccountRights } from "../identity/caller.ts";
import { createKubeApi, type KubeApi } from "../kube/kube-api.ts";
import { createAnnotatedAccounts } from "./annotated-accounts.ts";

let clock: { time: number; now(): number };
beforeEach(() => {
  clock = { time: 1_000_000, now: () => clock.time };
});

const RBAC = "rbac.authorization.k8s.io/v1";
const GATEWAY = [
  { apiVersion: "demo.taffrail/v1", kind: "Token", metadata: { name: "t" }, token: "t", user: { username: "gateway" } },
  {
    apiVersion: RBAC,
    kind: "ClusterRole",
    metadata: { name: "gateway" },
    rules: [{ apiGroups: [""], resources: ["namespaces", "serviceaccounts"], verbs: ["list"] }],
  },
  {
    apiVersion: RBAC,
    kind: "ClusterRoleBinding",
    metadata: { name: "gateway" },
    roleRef: { kind: "ClusterRole", name: "gateway" },
    subjects: [{ kind: "User", name: "gateway" }],
  },
] satisfies KubeObject[];
const PROJECT = { "kargo.akuity.io/project": "true" };
const namespace = (name: string, labels?: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});
const account = (within: string, name: string, groups: unknown = ["devops"]): KubeObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: {
    namespace: within,
    name,
    annotations: { "rbac.kargo.akuity.io/claims": typeof groups === "string" ? groups : JSON.stringify({ groups }) },
  },
});
const rightsOf = (claims: AccountRights["claims"], globalNamespaces = ["kargo", "more"]): AccountRights => ({
  kind: "accounts",
  claims,
  globalNamespaces,
});
const DEVOPS = rightsOf([["groups", ["devops"]]]);

async function withCluster(
  objects: readonly KubeObject[],
  test: (world: {
    readonly cluster: Awaited<ReturnType<typeof startMiniKubernetes>>;
    readonly accounts: ReturnType<typeof createAnnotatedAccounts>;
    readonly lists: string[];
    readonly found: (rights: AccountRights, namespace: string) => Promise<readonly string[]>;
  }) => Promise<void>,
): Promise<void> {
  const cluster = await startMiniKubernetes({ objects: [...GATEWAY, ...objects] });
  const kube = createKubeApi({
    server: cluster.url,
    credentials: async () => ({ headers: { authorization: "Bearer t" }, tls: {} }),
  });
  const lists: string[] = [];
  const list: KubeApi["list"] = (resource, within, options) => {
    lists.push(`${resource.plural} ${within ?? options.name}`);
    return kube.list(resource, within, options);
  };
  const accounts = createAnnotatedAccounts({ kube: { list }, clock });
  const found = async (rights: AccountRights, within: string) =>
    (await accounts.matching(rights, within)).map(({ username }) => username.replace("system:serviceaccount:", ""));
  try {
    await test({ cluster, accounts, lists, found });
  } finally {
    await kube.close();
    await cluster.close();
  }
}

describe("the accounts for a user's claims", () => {
  const OBJECTS = [
    namespace("shop", PROJECT),
    namespace("other", PROJECT),
    namespace("plain"),
    namespace("kargo"),
    namespace("more"),
    account("shop", "z"),
    account("shop", "a"),
    account("shop", "leads", ["leads"]),
    account("other", "a"),
    account("plain", "a"),
    account("kargo", "a"),
    account("more", "a"),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace: "shop", name: "default" } },
  ];

  it("are those of the project, then those of each global namespace", () =>
    withCluster(OBJECTS, async ({ found }) => {
      expect(await found(DEVOPS, "shop")).toEqual(["shop:a", "shop:z", "kargo:a", "more:a"]);
    }));

  it("are reviewed without groups, uid and anything else", () =>
    withCluster(OBJECTS, async ({ accounts }) => {
      expect((await accounts.matching(DEVOPS, "shop"))[0]).toEqual({
        username: "system:serviceaccount:shop:a",
        uid: undefined,
        groups: [],
        extra: {},
      });
    }));

  it("are never those of a namespace that is neither a project of Kargo's nor global", () =>
    withCluster(OBJECTS, async ({ found, lists }) => {
      expect(await found(DEVOPS, "plain")).toEqual(["kargo:a", "more:a"]);
      expect(await found(DEVOPS, "missing")).toEqual(["kargo:a", "more:a"]);
      expect(lists).toContain("namespaces plain");
    }));

  it("are those of the global namespaces alone if the question is for all namespaces", () =>
    withCluster(OBJECTS, async ({ found }) => {
      expect(await found(DEVOPS, "")).toEqual(["kargo:a", "more:a"]);
    }));

  it("are those of a global namespace once, and first if the question is for it", () =>
    withCluster(OBJECTS, async ({ found }) => {
      expect(await found(DEVOPS, "more")).toEqual(["more:a", "kargo:a"]);
    }));

  it.each<[string, AccountRights["claims"]]>([
    ["another value", [["groups", ["qa"]]]],
    ["another case", [["groups", ["DevOps"]]]],
    ["a value with a blank", [["groups", ["devops "]]]],
    ["another claim", [["roles", ["devops"]]]],
    ["a claim and value that read the same when joined", [["groups/devops", [""]]]],
    ["an empty value", [["groups", [""]]]],
    ["no claims", []],
  ])("are none for %s", (_, claims) =>
    withCluster(OBJECTS, async ({ found }) => {
      expect(await found(rightsOf(claims), "shop")).toEqual([]);
    }),
  );

  it("need only one claim and one value in common", () =>
    withCluster(OBJECTS, async ({ found }) => {
      const claims = [["email", ["a@example.com"]] as const, ["groups", ["qa", "leads"]] as const];
      expect(await found(rightsOf(claims), "shop")).toEqual(["shop:leads"]);
    }));

  it.each(["[1,2", "devops", '{"groups":"devops"}', '{"groups":["devops"],"email":"a"}', "7", "null"])(
    "are none for an account that is annotated with rubbish, and others stay: %s",
    (rubbish) =>
      withCluster(
        [namespace("shop", PROJECT), account("shop", "a", rubbish), account("shop", "b")],
        async ({ found }) => {
          expect(await found(DEVOPS, "shop")).toEqual(["shop:b"]);
        },
      ),
  );

  it("are at most a hundred of a namespace", () =>
    withCluster(
      [
        namespace("shop", PROJECT),
        ...Array.from({ length: 120 }, (_, index) => account("shop", `a${String(index).padStart(3, "0")}`)),
      ],
      async ({ found }) => {
        const names = await found(DEVOPS, "shop");
        expect([names.length, names[99]]).toEqual([100, "shop:a099"]);
      },
    ));

  it("are looked for among the first thousand that are annotated", () => {
    const others = (count: number) =>
      Array.from({ length: count }, (_, index) => account("shop", `a${String(index).padStart(4, "0")}`, ["others"]));
    const last = account("shop", "last");
    return withCluster([namespace("shop", PROJECT), ...others(999), last], async ({ found, cluster }) => {
      expect(await found(DEVOPS, "shop")).toEqual(["shop:last"]);
      cluster.put(account("shop", "b", ["others"]));
      clock.time += 10_001;
      expect(await found(DEVOPS, "shop")).toEqual([]);
    });
  });
});

describe("the accounts of a namespace", () => {
  const OBJECTS = [namespace("shop", PROJECT), namespace("kargo"), account("shop", "a")];
  const here = rightsOf([["groups", ["devops"]]], []);

  it("are kept for ten seconds, for all users", () =>
    withCluster(OBJECTS, async ({ found, lists, cluster }) => {
      expect(await found(here, "shop")).toEqual(["shop:a"]);
      cluster.remove(account("shop", "a"));
      clock.time += 10_000;
      expect(await found(here, "shop")).toEqual(["shop:a"]);
      expect(await found(rightsOf([["groups", ["leads"]]], []), "shop")).toEqual([]);
      expect(lists).toEqual(["serviceaccounts shop", "namespaces shop"]);
      clock.time += 1;
      expect(await found(here, "shop")).toEqual([]);
    }));

  it("are read afresh once for each `afresh` object", () =>
    withCluster(OBJECTS, async ({ accounts, cluster, lists, found }) => {
      expect(await found(here, "shop")).toEqual(["shop:a"]);
      cluster.remove(account("shop", "a"));
      const afresh = accounts.afresh();
      expect(await afresh.matching(here, "shop")).toEqual([]);
      expect(await afresh.matching(here, "shop")).toEqual([]);
      expect(await found(here, "shop")).toEqual([]);
      expect(lists).toEqual(["serviceaccounts shop", "namespaces shop", "serviceaccounts shop"]);
    }));

  it("are not kept if they could not be read", () =>
    withCluster(OBJECTS, async ({ cluster, found }) => {
      cluster.remove({ apiVersion: RBAC, kind: "ClusterRoleBinding", metadata: { name: "gateway" } });
      await expect(found(here, "shop")).rejects.toMatchObject({ reason: "KUBERNETES_REFUSED" });
      for (const object of GATEWAY) cluster.put(object);
      expect(await found(here, "shop")).toEqual(["shop:a"]);
    }));
});
