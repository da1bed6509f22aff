import { beforeAll, describe, expect, it } from "vitest";
import { podObject, running } from "../fakes/pods.ts";
import { PROJECT, RUNS, TEAM } from "./access-rows.ts";
import type { ApiAnswer, Ground } from "./access-table.ts";

/** A request to an API server, and the part of its response that the gateway relies on. */
interface ApiRow {
  readonly what: string;
  /** Default: the gateway's account. `rubbish`: an unknown token. */
  readonly as?: "reader" | "rubbish";
  /** Default: GET. */
  readonly method?: "POST" | "DELETE";
  readonly path: string;
  /** May contain READER in place of the reader's token. */
  readonly body?: unknown;
  readonly status: number;
  readonly answer?: object;
}

const ARGO = "/apis/argoproj.io/v1alpha1";
const KARGO = "/apis/kargo.akuity.io/v1alpha1";
const HERE = `${ARGO}/namespaces/${PROJECT}/analysisruns`;
const PODS = `/api/v1/namespaces/${PROJECT}/pods`;
const TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const AUDIENCE = "https://kubernetes.default.svc";
const POD = "table-pod-aaaaa";
const [FIRST, SECOND] = RUNS;

const failure = (code: number, reason: string, message?: unknown) => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  reason,
  code,
  ...(message !== undefined && { message }),
});
const tokenReview = (spec: object) => ({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec });
const accessReview = (spec: object) => ({ apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec });
const asked = (user: string, attributes: object = {}) =>
  accessReview({
    user,
    resourceAttributes: {
      verb: "get",
      group: "argoproj.io",
      resource: "analysisruns",
      namespace: PROJECT,
      ...attributes,
    },
  });
const READER_NAME = `system:serviceaccount:${TEAM}:api-reader`;

const ROWS: readonly ApiRow[] = [
  {
    what: "a run",
    path: `${HERE}/${FIRST}`,
    status: 200,
    answer: { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata: { name: FIRST, namespace: PROJECT } },
  },
  {
    what: "a run that is not there",
    path: `${HERE}/none`,
    status: 404,
    answer: failure(404, "NotFound", 'analysisruns.argoproj.io "none" not found'),
  },
  { what: "a run in no namespace", path: `${ARGO}/namespaces/none/analysisruns/x`, status: 404 },
  {
    what: "the runs of a namespace",
    path: HERE,
    status: 200,
    answer: { kind: "AnalysisRunList", items: [{ metadata: { name: FIRST } }, { metadata: { name: SECOND } }] },
  },
  {
    what: "the runs of a namespace that is not there",
    path: `${ARGO}/namespaces/none/analysisruns`,
    status: 200,
    answer: { items: [] },
  },
  {
    what: "the first run alone, and that there are more",
    path: `${HERE}?limit=1`,
    status: 200,
    answer: {
      items: [{ metadata: { name: FIRST } }],
      metadata: { continue: expect.stringMatching(/./), remainingItemCount: 1 },
    },
  },
  {
    what: "a list from nowhere on",
    path: `${HERE}?limit=1&continue=rubbish`,
    status: 400,
    answer: failure(400, "BadRequest"),
  },
  {
    what: "runs by a label",
    path: `${HERE}?labelSelector=kargo.akuity.io%2Fstage%3Duat`,
    status: 200,
    answer: { items: [{}, {}] },
  },
  {
    what: "runs by a label that none has",
    path: `${HERE}?labelSelector=kargo.akuity.io%2Fstage%3Dprod`,
    status: 200,
    answer: { items: [] },
  },
  {
    what: "runs by what is no selector",
    path: `${HERE}?labelSelector=%3D%3D%3D`,
    status: 400,
    answer: failure(400, "BadRequest"),
  },
  { what: "a Stage", path: `${KARGO}/namespaces/${PROJECT}/stages/uat`, status: 200, answer: { kind: "Stage" } },
  {
    what: "the Stages, which the role does not let it list",
    path: `${KARGO}/namespaces/${PROJECT}/stages`,
    status: 403,
    answer: failure(403, "Forbidden", expect.stringContaining('cannot list resource "stages"')),
  },
  { what: "the removal of a run", method: "DELETE", path: `${HERE}/${FIRST}`, status: 403 },
  {
    what: "the namespaces that are projects",
    path: "/api/v1/namespaces?labelSelector=kargo.akuity.io%2Fproject%3Dtrue",
    status: 200,
    answer: { kind: "NamespaceList" },
  },
  { what: "a pod, which the role does not let it get", path: `${PODS}/${POD}`, status: 403 },
  {
    what: "pods by the run's uid",
    path: `${PODS}?labelSelector=analysisrun.argoproj.io%2Fuid%3Dtable-uid`,
    status: 200,
    answer: { kind: "PodList", items: [{ metadata: { name: POD } }] },
  },
  {
    what: "the log of a pod that is not there",
    path: `${PODS}/none/log?container=main`,
    status: 404,
    answer: failure(404, "NotFound", 'pods "none" not found'),
  },
  {
    what: "the log of a container that is not in the pod",
    path: `${PODS}/${POD}/log?container=none`,
    status: 400,
    answer: failure(400, "BadRequest", `container none is not valid for pod ${POD}`),
  },
  { what: "a run by a token that nobody has", as: "rubbish", path: `${HERE}/${FIRST}`, status: 401 },
  { what: "a run by somebody who may not", as: "reader", path: `${HERE}/${FIRST}`, status: 403 },
  {
    what: "who has a token",
    method: "POST",
    path: TOKEN_REVIEWS,
    body: tokenReview({ token: "READER" }),
    status: 201,
    answer: {
      kind: "TokenReview",
      status: {
        authenticated: true,
        user: {
          username: READER_NAME,
          groups: ["system:serviceaccounts", `system:serviceaccounts:${TEAM}`, "system:authenticated"],
        },
        audiences: [AUDIENCE],
      },
    },
  },
  {
    what: "who has a token for this audience and another",
    method: "POST",
    path: TOKEN_REVIEWS,
    body: tokenReview({ token: "READER", audiences: ["other", AUDIENCE] }),
    status: 201,
    answer: { status: { authenticated: true, audiences: [AUDIENCE] } },
  },
  {
    what: "who has a token for another audience",
    method: "POST",
    path: TOKEN_REVIEWS,
    body: tokenReview({ token: "READER", audiences: ["other"] }),
    status: 201,
    answer: { status: { user: {}, error: expect.any(String) } },
  },
  {
    what: "who has rubbish for a token",
    method: "POST",
    path: TOKEN_REVIEWS,
    body: tokenReview({ token: "rubbish" }),
    status: 201,
    answer: { status: { user: {}, error: expect.any(String) } },
  },
  { what: "who has no token", method: "POST", path: TOKEN_REVIEWS, body: tokenReview({ token: "" }), status: 400 },
  {
    what: "who has a token, by somebody who may not ask",
    as: "reader",
    method: "POST",
    path: TOKEN_REVIEWS,
    body: tokenReview({ token: "READER" }),
    status: 403,
  },
  {
    what: "whether somebody may",
    method: "POST",
    path: ACCESS_REVIEWS,
    body: asked(`system:serviceaccount:${TEAM}:role`),
    status: 201,
    answer: { kind: "SubjectAccessReview", status: { allowed: true } },
  },
  {
    what: "whether somebody may who may not",
    method: "POST",
    path: ACCESS_REVIEWS,
    body: asked(READER_NAME),
    status: 201,
    answer: { status: { allowed: false } },
  },
  {
    what: "whether somebody may anywhere",
    method: "POST",
    path: ACCESS_REVIEWS,
    body: asked(`system:serviceaccount:${TEAM}:role`, { namespace: "" }),
    status: 201,
    answer: { status: { allowed: false } },
  },
  { what: "whether nobody may", method: "POST", path: ACCESS_REVIEWS, body: asked(""), status: 422 },
  {
    what: "whether somebody may nothing",
    method: "POST",
    path: ACCESS_REVIEWS,
    body: accessReview({ user: "ann" }),
    status: 422,
    answer: failure(422, "Invalid"),
  },
];

/** Sends an API server the requests that a gateway sends. {@link ACCESS_ROWS} must have been set up. */
export function testApiTable(ground: () => Ground): void {
  describe("its API", () => {
    const tokens = { gateway: "", reader: "", rubbish: "rubbish" };
    beforeAll(async () => {
      const metadata = { name: "api-reader", namespace: TEAM };
      await ground().put({ apiVersion: "v1", kind: "ServiceAccount", metadata });
      tokens.gateway = await ground().gatewayToken();
      tokens.reader = await ground().tokenOf({ account: metadata.name, namespace: TEAM });
      const made = { namespace: PROJECT, uid: "table-uid", job: "table-pod", containers: { main: running() } };
      await ground().put(podObject({ ...made, spec: { nodeName: "none" } }));
    });

    it.each(ROWS.map((row) => ({ what: row.what, row })))("is asked for $what", async ({ row }) => {
      const { as = "gateway", method = "GET", path, body, status, answer } = row;
      const sent = JSON.stringify(body)?.replaceAll("READER", tokens.reader);
      const got: ApiAnswer = await ground().request(tokens[as], method, path, sent && JSON.parse(sent));
      expect(got.status, JSON.stringify(got.body)).toBe(status);
      if (answer !== undefined) expect(got.body).toMatchObject(answer);
    });
  });
}
