import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MiniKubernetes, startMiniKubernetes } from "./mini-kubernetes.ts";
import { loadObjects } from "./objects.ts";
import { tokenNamed } from "./tokens.ts";

const NOW = new Date("2026-03-12T14:00:00Z");
const OBJECTS = loadObjects(readFileSync(new URL("./cluster.yaml", import.meta.url), "utf8"), NOW);
const RUNS = "/apis/argoproj.io/v1alpha1/namespaces/guestbook/analysisruns";
const TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const FAILED = "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5";

let kubernetes: MiniKubernetes;
beforeEach(async () => {
  kubernetes = await startMiniKubernetes({ objects: OBJECTS, clock: { now: () => NOW.getTime() } });
});
afterEach(() => kubernetes.close());

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared, field by field.
type Answer = { readonly status: number; readonly body: any };

async function call(path: string, token: string | undefined = "demo-gateway", init: RequestInit = {}): Promise<Answer> {
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(kubernetes.url + path, { ...init, headers });
  return { status: response.status, body: await response.json() };
}
const post = (path: string, spec: object, token?: string): Promise<Answer> =>
  call(path, token, { method: "POST", body: JSON.stringify({ spec }) });
const namesOf = ({ body }: Answer): string[] =>
  body.items.map((item: { metadata: { name: string } }) => item.metadata.name);

describe("reads", () => {
  it("returns one object", async () => {
    const { status, body } = await call(`${RUNS}/${FAILED}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata: { name: FAILED } });
    expect(body.status.startedAt).toBe("2026-03-12T13:53:46Z");
  });

  it("lists one namespace and all of them", async () => {
    const here = await call(RUNS);
    expect(here.body).toMatchObject({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRunList" });
    const everywhere = await call("/apis/argoproj.io/v1alpha1/analysisruns");
    expect(everywhere.body.items).toHaveLength(here.body.items.length + 1);
    expect(here.body.items).toHaveLength(11);
  });

  it("returns a long list in chunks in the order of names, even if objects change in between", async () => {
    const whole = namesOf(await call(RUNS));
    expect(whole).toEqual([...whole].sort());
    const seen: string[] = [];
    let next: string | undefined = "";
    do {
      const chunk: Answer = await call(`${RUNS}?limit=4&continue=${encodeURIComponent(next)}`);
      seen.push(...namesOf(chunk));
      next = chunk.body.metadata.continue;
      const left = whole.length - seen.length;
      expect(chunk.body.metadata.remainingItemCount).toBe(left > 0 ? left : undefined);
      kubernetes.put({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        metadata: { name: "a", namespace: "guestbook" },
      });
    } while (next !== undefined);
    expect(seen).toEqual(whole);
  });

  it("selects by labels", async () => {
    const label = encodeURIComponent("kargo.akuity.io/project=true");
    const { body } = await call(`/api/v1/namespaces?labelSelector=${label}`);
    expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      "guestbook",
      "payments",
    ]);
    expect(body.kind).toBe("NamespaceList");
    expect(body.items[0]).not.toHaveProperty("kind");
  });

  it.each([
    "limit=-1",
    "continue=zz",
    "labelSelector=a%3Eb",
    "fieldSelector=status.phase%3DFailed",
    "watch=1&resourceVersion=x",
  ])("answers 400 to %s", async (query) => {
    expect(await call(`${RUNS}?${query}`)).toMatchObject({
      status: 400,
      body: { kind: "Status", reason: "BadRequest" },
    });
  });

  it("lists the one object of a name, with its version", async () => {
    const { body } = await call(`${RUNS}?fieldSelector=metadata.name%3D${FAILED}`);
    expect(namesOf({ status: 200, body })).toEqual([FAILED]);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(1000);
  });

  it("shows objects that were added and removed meanwhile", async () => {
    const run = kubernetes.put({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "a", namespace: "guestbook" },
    });
    expect(run.metadata).toMatchObject({
      uid: expect.stringMatching(/^[-0-9a-f]{36}$/),
      creationTimestamp: "2026-03-12T14:00:00Z",
    });
    expect((await call(`${RUNS}/a`)).body).toEqual(run);
    const again = kubernetes.put({ ...run, status: { phase: "Failed" } });
    expect(again.metadata.uid).toBe(run.metadata.uid);
    expect(again.metadata.resourceVersion).not.toBe(run.metadata.resourceVersion);
    kubernetes.remove(run);
    expect((await call(`${RUNS}/a`)).status).toBe(404);
  });
});

describe("refusals", () => {
  it.each(["", "nobody"])("answers 401 to the token %j", async (token) => {
    expect(await call(RUNS, token)).toEqual({
      status: 401,
      body: {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: "Unauthorized",
        reason: "Unauthorized",
        code: 401,
      },
    });
  });

  it("answers 403 in Kubernetes' words, before it checks whether the object exists", async () => {
    const one = await call(`${RUNS}/gone`, "demo-outsider");
    expect(one).toEqual({
      status: 403,
      body: {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message:
          'analysisruns.argoproj.io "gone" is forbidden: User "demo-outsider" cannot get resource "analysisruns" in API group "argoproj.io" in the namespace "guestbook"',
        reason: "Forbidden",
        details: { name: "gone", group: "argoproj.io", kind: "analysisruns" },
        code: 403,
      },
    });
    const all = await call("/api/v1/namespaces", "demo-viewer");
    expect(all.body.message).toBe(
      'namespaces is forbidden: User "demo-viewer" cannot list resource "namespaces" in API group "" at the cluster scope',
    );
  });

  it("allows the gateway only what it needs", async () => {
    expect((await call("/apis/kargo.akuity.io/v1alpha1/namespaces/guestbook/stages/uat")).status).toBe(200);
    expect((await call("/apis/kargo.akuity.io/v1alpha1/namespaces/guestbook/stages")).status).toBe(403);
    expect((await call("/apis/kargo.akuity.io/v1alpha1/projects")).status).toBe(403);
  });

  it("answers 404 to a run that does not exist", async () => {
    const { status, body } = await call(`${RUNS}/gone`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ message: 'analysisruns.argoproj.io "gone" not found', reason: "NotFound", code: 404 });
    expect(body.details).toEqual({ name: "gone", group: "argoproj.io", kind: "analysisruns" });
  });

  it.each([
    "/",
    "/apis",
    "/api/v1/secrets",
    "/api/v1/namespaces/guestbook/pods/x/exec",
    "/api/v1/namespaces/guestbook/pods/x/log/y",
    "/apis/argoproj.io/v1/analysisruns",
    `${RUNS}/x/log`,
    "/api/v1/namespaces/%zz",
  ])("answers 404 to the path %s", async (path) => {
    const { status, body } = await call(path);
    expect(status).toBe(404);
    expect(body).toMatchObject({ kind: "Status", message: "the server could not find the requested resource" });
  });

  it.each([
    ["DELETE", `${RUNS}/${FAILED}`],
    ["POST", RUNS],
    ["GET", TOKEN_REVIEWS],
  ])("answers 405 to %s %s from a user who may do everything", async (method, path) => {
    kubernetes.put({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "everything" },
      rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
    });
    kubernetes.put({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "everything" },
      roleRef: { kind: "ClusterRole", name: "everything" },
      subjects: [{ kind: "User", name: "demo-operator" }],
    });
    expect(await call(path, "demo-operator", { method })).toMatchObject({
      status: 405,
      body: { reason: "MethodNotAllowed" },
    });
  });
});

describe("token reviews", () => {
  it("return a token's user", async () => {
    const { status, body } = await post(TOKEN_REVIEWS, { token: "demo-viewer" });
    expect(status).toBe(201);
    expect(body.status).toEqual({
      authenticated: true,
      user: { username: "demo-viewer", groups: ["storefront", "system:authenticated"] },
      audiences: ["https://kubernetes.default.svc"],
    });
  });

  it("return the requested audiences that the token has", async () => {
    const audiences = ["taffrail", "https://kubernetes.default.svc"];
    const { body } = await post(TOKEN_REVIEWS, { token: "demo-viewer", audiences });
    expect(body.status.audiences).toEqual(["https://kubernetes.default.svc"]);
  });

  it.each([
    ["a token that nobody has", { token: "nope" }],
    ["a token for other audiences", { token: "demo-viewer", audiences: ["taffrail"] }],
  ])("do not accept %s", async (_what, spec) => {
    const { body } = await post(TOKEN_REVIEWS, spec);
    expect(body.status.authenticated).toBeUndefined();
    expect(body.status.user).toEqual({});
  });

  it("reject a token for another audience", async () => {
    kubernetes.put({
      apiVersion: "demo.taffrail/v1",
      kind: "Token",
      metadata: { name: "bound" },
      token: "bound",
      user: { username: "ann" },
      audiences: ["taffrail"],
    });
    const { body } = await post(TOKEN_REVIEWS, { token: "bound", audiences: ["taffrail"] });
    expect(body.status).toMatchObject({ authenticated: true, user: { username: "ann" }, audiences: ["taffrail"] });
    expect((await call(RUNS, "bound")).status).toBe(401);
  });

  it("require permission to create them", async () => {
    expect((await post(TOKEN_REVIEWS, { token: "demo-viewer" }, "demo-viewer")).status).toBe(403);
  });

  it.each([
    ["an empty token", JSON.stringify({ spec: {} })],
    ["no spec", "{}"],
    ["no JSON", "spec"],
  ])("answer 400 to %s", async (_what, body) => {
    expect((await call(TOKEN_REVIEWS, undefined, { method: "POST", body })).status).toBe(400);
  });
});

describe("access reviews", () => {
  const may = async (user: string, groups: string[], namespace: string, verb = "get"): Promise<boolean> => {
    const resourceAttributes = { verb, group: "argoproj.io", version: "v1alpha1", resource: "analysisruns", namespace };
    const { status, body } = await post(ACCESS_REVIEWS, { user, groups, resourceAttributes });
    expect(status).toBe(201);
    return body.status.allowed;
  };

  it("decide by the demo's roles", async () => {
    expect(await may("demo-viewer", [], "guestbook")).toBe(true);
    expect(await may("demo-viewer", [], "guestbook", "delete")).toBe(false);
    expect(await may("demo-viewer", [], "payments")).toBe(false);
    expect(await may("demo-viewer", [], "")).toBe(false);
    expect(await may("demo-outsider", [], "guestbook")).toBe(false);
    expect(await may("demo-operator", ["operators"], "")).toBe(true);
  });

  it("decide again when a role changes", async () => {
    kubernetes.remove({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "viewer-reads-runs", namespace: "guestbook" },
    });
    expect(await may("demo-viewer", [], "guestbook")).toBe(false);
  });

  it("are refused without a user or without a resource", async () => {
    expect((await post(ACCESS_REVIEWS, { resourceAttributes: {} })).status).toBe(422);
    expect((await post(ACCESS_REVIEWS, { user: "a" })).status).toBe(422);
  });
});

describe("tokenNamed", () => {
  it("finds a token by its object's name", () => {
    expect(tokenNamed(OBJECTS, "gateway")).toBe("demo-gateway");
    expect(() => tokenNamed(OBJECTS, "gone")).toThrow('"gone"');
  });
});
