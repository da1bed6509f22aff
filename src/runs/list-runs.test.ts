import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access } from "../access/access.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import type { KubeObject } from "../demo/objects.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { createKubeApi, type KubeApi } from "../kube/kube-api.ts";
import { listRuns, type RunPage, type RunQuery } from "./list-runs.ts";
import { RunLists } from "./run-lists.ts";

const never = new AbortController().signal;
const CALLER: Caller = { username: "anna", uid: undefined, groups: [], extra: {} };
const RBAC = "rbac.authorization.k8s.io/v1";
const OBJECTS: readonly KubeObject[] = [
  { apiVersion: "demo.taffrail/v1", kind: "Token", metadata: { name: "gw" }, token: "gw", user: { username: "gw" } },
  {
    apiVersion: RBAC,
    kind: "ClusterRole",
    metadata: { name: "all" },
    rules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  },
  {
    apiVersion: RBAC,
    kind: "ClusterRoleBinding",
    metadata: { name: "all" },
    roleRef: { kind: "ClusterRole", name: "all" },
    subjects: [{ kind: "User", name: "gw" }],
  },
];

interface Made {
  readonly second?: number;
  readonly stage?: string;
  readonly label?: string;
  readonly phase?: string;
}

function made(name: string, { second = 0, stage, label = stage, phase = "Failed" }: Made = {}): KubeObject {
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().replace(".000", "");
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: {
      name,
      namespace: "shop",
      uid: `uid of ${name}`,
      creationTimestamp,
      ...(label !== undefined && { labels: { "kargo.akuity.io/stage": label } }),
      ...(stage !== undefined && { annotations: { "kargo.akuity.io/stage": stage } }),
    },
    status: { phase },
  };
}

let kubernetes: MiniKubernetes;
let kube: KubeApi;
beforeEach(async () => {
  kubernetes = await startMiniKubernetes({ objects: OBJECTS });
  const credentials = async () => ({ headers: { authorization: "Bearer gw" }, tls: {} });
  kube = createKubeApi({ server: kubernetes.url, credentials });
});
afterEach(async () => {
  await kube.close();
  await kubernetes.close();
});

const refuse = (): never => {
  throw new Error("not to be asked");
};

/** Lets the caller list runs, and read all Stages except these. */
function accessWithout(...stages: string[]): Access & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    mayReadRuns: refuse,
    afresh: refuse,
    mayReadRunsEverywhere: refuse,
    mayListRuns: async () => true,
    mayWatchRuns: refuse,
    mayExplain: refuse,
    mayReadStage: async (_caller, _namespace, name) => {
      asked.push(name);
      return !stages.includes(name);
    },
  };
}

function list(query: Partial<RunQuery> = {}, access: Access = accessWithout()): Promise<RunPage> {
  const whole: RunQuery = {
    namespace: "shop",
    pageSize: 50,
    pageToken: undefined,
    ...query,
  };
  return listRuns({ access, runLists: new RunLists(kube, UNKNOWN) }, CALLER, whole, never);
}
/** No project is being watched. */
const UNKNOWN = { newest: () => undefined };
const namesOf = ({ runs }: RunPage): string[] => runs.map(({ name }) => name);

describe("runs", () => {
  it("are listed newest first, and by name if they are equally old", async () => {
    kubernetes.put(made("a", { second: 1 }));
    kubernetes.put(made("b", { second: 3 }));
    kubernetes.put(made("d", { second: 2 }));
    kubernetes.put(made("c", { second: 2 }));
    kubernetes.put({ ...made("elsewhere", { second: 9 }), metadata: { name: "elsewhere", namespace: "other" } });
    expect(await list()).toMatchObject({ nextPageToken: undefined, incomplete: false });
    expect(namesOf(await list())).toEqual(["b", "c", "d", "a"]);
  });

  it("have their Stage, phase and times", async () => {
    kubernetes.put({
      ...made("a", { stage: "uat" }),
      status: { phase: "Running", startedAt: "2026-01-01T00:00:05Z" },
    });
    expect((await list()).runs).toEqual([
      {
        namespace: "shop",
        name: "a",
        stage: "uat",
        phase: "Running",
        createdAt: "2026-01-01T00:00:00Z",
        startedAt: "2026-01-01T00:00:05Z",
        endedAt: undefined,
        uid: "uid of a",
        message: "",
        freightCollection: undefined,
        freight: [],
      },
    ]);
  });

  it("are denied to callers who may not list them, whether or not there are any", async () => {
    const access: Access = { ...accessWithout(), mayListRuns: async () => false };
    const told = await Promise.all(
      ["shop", "gone"].map((namespace) => list({ namespace, pageToken: "rubbish" }, access).catch((error) => error)),
    );
    for (const failure of told) expect(failure).toMatchObject({ kind: "denied", reason: "ACCESS_DENIED" });
    expect(told[1]?.message.replace("gone", "shop")).toBe(told[0]?.message);
  });

  it("of Stages that the caller may not read are omitted, with one review for each Stage", async () => {
    for (const [index, stage] of ["uat", "prod", "uat", "prod", "dev"].entries()) {
      kubernetes.put(made(`r${index}`, { second: index, stage }));
    }
    kubernetes.put(made("plain", { second: 9 }));
    const access = accessWithout("prod");
    expect(namesOf(await list({}, access))).toEqual(["plain", "r4", "r2", "r0"]);
    expect([...access.asked].sort()).toEqual(["dev", "prod", "uat"]);
  });

  it("fill a page even if others before them are omitted", async () => {
    for (let second = 0; second < 20; second += 1) {
      kubernetes.put(made(`r${second}`, { second, stage: second % 4 === 0 ? "uat" : "prod" }));
    }
    const first = await list({ pageSize: 3 }, accessWithout("prod"));
    expect(namesOf(first)).toEqual(["r16", "r12", "r8"]);
    const second = await list({ pageSize: 3, pageToken: first.nextPageToken }, accessWithout("prod"));
    expect(namesOf(second)).toEqual(["r4", "r0"]);
    expect(second.nextPageToken).toBeUndefined();
  });

  it("are not reviewed any further once the reader has left", async () => {
    for (let second = 0; second < 5; second += 1) kubernetes.put(made(`r${second}`, { second, stage: `s${second}` }));
    const leaving = new AbortController();
    const asked: string[] = [];
    const access: Access = {
      ...accessWithout(),
      mayReadStage: async (_caller, _namespace, name) => {
        asked.push(name);
        leaving.abort(new Error("left"));
        return true;
      },
    };
    const query = { namespace: "shop", stage: undefined, phases: [], pageSize: 50, pageToken: undefined };
    await expect(
      listRuns({ access, runLists: new RunLists(kube, UNKNOWN) }, CALLER, query, leaving.signal),
    ).rejects.toThrow("left");
    expect(asked).toEqual(["s4"]);
  });
});

describe("filters", () => {
  it("keep the runs of a phase", async () => {
    for (const phase of ["Failed", "Error", "Successful", "Running", "Rubbish"]) {
      kubernetes.put(made(phase.toLowerCase(), { phase }));
    }
    expect(namesOf(await list({ phases: ["Failed", "Error"] }))).toEqual(["error", "failed"]);
    expect(namesOf(await list({ phases: ["Unknown"] }))).toEqual(["rubbish"]);
    expect(namesOf(await list({ phases: [] }))).toHaveLength(5);
  });

  it("can be those with a verdict, whatever their phase", async () => {
    const over = (name: string, phase: string, message = "") => ({
      ...made(name, { second: 1 }),
      spec: { metrics: [{ name: "it", provider: { job: {} } }] },
      status: { phase, metricResults: [{ name: "it", phase, measurements: [{ phase, message, finishedAt: "x" }] }] },
    });
    kubernetes.put(over("passed", "Successful"));
    kubernetes.put(over("stopped", "Successful", "metric terminated"));
    kubernetes.put(over("failed", "Failed"));
    kubernetes.put(over("running", "Running"));
    expect(namesOf(await list({ results: ["passed"] }))).toEqual(["passed"]);
    expect(namesOf(await list({ results: ["none", "failed"] }))).toEqual(["failed", "stopped"]);
    expect(namesOf(await list({ results: [undefined] }))).toEqual(["running"]);
    expect(namesOf(await list({ results: [], phases: ["Successful"] }))).toEqual(["passed", "stopped"]);
  });

  it("keep the runs of a Stage, which the API server selects by label", async () => {
    kubernetes.put(made("a", { stage: "uat" }));
    kubernetes.put(made("b", { stage: "uat-2" }));
    kubernetes.put(made("c"));
    expect(namesOf(await list({ stage: "uat" }))).toEqual(["a"]);
    expect(namesOf(await list({ stage: "gone" }))).toEqual([]);
  });

  it("keep the runs of a Stage whose name is too long for a label", async () => {
    const long = `stage-${"a".repeat(80)}`;
    const other = `stage-${"a".repeat(81)}`;
    kubernetes.put(made("a", { stage: long, label: "stage-aaaa-12345" }));
    kubernetes.put(made("b", { stage: other, label: "stage-aaaa-67890" }));
    kubernetes.put(made("c", { stage: "uat" }));
    expect(namesOf(await list({ stage: long }))).toEqual(["a"]);
    const exactly = "s".repeat(63);
    kubernetes.put(made("d", { stage: exactly }));
    expect(namesOf(await list({ stage: exactly }))).toEqual(["d"]);
  });

  it.each(["-uat", "uat-", "Uat", "uat,other", "uat)", "a b", "..", "a".repeat(254)])(
    "find nothing for an impossible Stage name: %j",
    async (stage) => {
      kubernetes.put(made("a", { stage: "uat" }));
      expect(await list({ stage })).toEqual({ runs: [], nextPageToken: undefined, incomplete: false });
    },
  );
});

describe("pages", () => {
  it("contain every run once", async () => {
    const all: string[] = [];
    for (let index = 0; index < 37; index += 1) {
      const name = `r${String(index).padStart(2, "0")}`;
      all.push(name);
      // Every five runs are equally old.
      kubernetes.put(made(name, { second: Math.floor(index / 5) }));
    }
    for (const pageSize of [1, 4, 5, 36, 37, 38]) {
      const seen: string[] = [];
      let pageToken: string | undefined;
      let pages = 0;
      do {
        const page: RunPage = await list({ pageSize, pageToken });
        seen.push(...namesOf(page));
        pageToken = page.nextPageToken;
        pages += 1;
      } while (pageToken !== undefined);
      expect(new Set(seen).size).toBe(seen.length);
      expect([...seen].sort()).toEqual(all);
      expect(pages).toBe(Math.ceil(37 / pageSize));
      expect(seen).toEqual(namesOf(await list({ pageSize: 500 })));
    }
  });

  it("contain every older run once, even if runs are added and removed between them", async () => {
    for (let second = 10; second < 20; second += 1) kubernetes.put(made(`r${second}`, { second }));
    const first = await list({ pageSize: 3 });
    expect(namesOf(first)).toEqual(["r19", "r18", "r17"]);
    kubernetes.put(made("newest", { second: 30 }));
    // As old as the last listed run and before it by name, so it belongs to the previous page.
    kubernetes.put(made("r16b", { second: 17 }));
    kubernetes.put(made("r17b", { second: 17 }));
    kubernetes.remove(made("r17"));
    kubernetes.remove(made("r15"));
    const second = await list({ pageSize: 50, pageToken: first.nextPageToken });
    expect(namesOf(second)).toEqual(["r17b", "r16", "r14", "r13", "r12", "r11", "r10"]);
  });

  it("end with the last run", async () => {
    for (let second = 0; second < 4; second += 1) kubernetes.put(made(`r${second}`, { second }));
    const first = await list({ pageSize: 4 });
    expect([first.runs.length, first.nextPageToken]).toEqual([4, undefined]);
  });

  it("have a token that fits into a request, however long a run's name is", async () => {
    kubernetes.put(made("a".repeat(253), { second: 2 }));
    kubernetes.put(made("b", { second: 1 }));
    const { nextPageToken = "" } = await list({ pageSize: 1 });
    expect(nextPageToken.length).toBeLessThanOrEqual(500);
    expect(namesOf(await list({ pageSize: 1, pageToken: nextPageToken }))).toEqual(["b"]);
  });

  const encode = (text: string): string => Buffer.from(text).toString("base64url");
  it.each([
    "rubbish",
    "!",
    "",
    encode("2026-01-01T00:00:00Z"),
    encode("2026-01-01T00:00:00Z "),
    encode("never a"),
    encode("2026-01-01T00:00:00Z a b"),
  ])("are refused for the token %j", async (pageToken) => {
    const failure: unknown = await list({ pageToken }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ kind: "bad-request", reason: "PAGE_TOKEN_INVALID" });
  });
});

describe("a project of many runs", () => {
  const many = (count: number): KubeApi => ({
    ...kube,
    async *list(_resource, _namespace, options) {
      for (let from = 0; from < count; from += 250) {
        options.signal.throwIfAborted();
        yield Array.from({ length: Math.min(250, count - from) }, (_, index) =>
          made(`r${String(from + index).padStart(5, "0")}`, { second: from + index }),
        );
      }
    },
  });
  const listMany = (count: number): Promise<RunPage> =>
    listRuns(
      { access: accessWithout(), runLists: new RunLists(many(count), UNKNOWN) },
      CALLER,
      { namespace: "shop", pageSize: 2, pageToken: undefined },
      never,
    );

  it("is read completely up to 10,000", async () => {
    expect(await listMany(10_000)).toMatchObject({ incomplete: false, runs: [{ name: "r09999" }, { name: "r09998" }] });
  });

  it("is reported as incomplete beyond that, and read no further", async () => {
    expect(await listMany(10_001)).toMatchObject({ incomplete: true, runs: [{ name: "r09999" }, { name: "r09998" }] });
    expect(await listMany(1_000_000)).toMatchObject({ incomplete: true });
  });
});
