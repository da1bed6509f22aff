import type { KubeObject } from "../../src/demo/objects.ts";
import { stageObject } from "../fakes/stage.ts";

/** The tokens of the fixture's users. */
export const TOKENS = {
  /** Reads runs and Stages of the project "shop". */
  reader: "token-of-reader",
  /** Reads runs and Stages of "elsewhere" only. */
  stranger: "token-of-stranger",
  /** Reads the runs of "shop", but not its Stages. */
  stageless: "token-of-stageless",
  /** Reads runs and Stages of "shop", but may not watch them. */
  lister: "token-of-lister",
  /** May call GetStatus, but read nothing. */
  operator: "token-of-operator",
} as const;

/** The gateway's own token for the API server. */
export const GATEWAY_TOKEN = "token-of-gateway";

/** A job metric of a run. By default, it was measured once and failed long ago. */
export interface MadeMetric {
  readonly name?: string;
  readonly containers?: readonly string[];
  /** Default: the Job that Argo Rollouts would create. */
  readonly job?: { readonly name: string; readonly namespace: string };
  /** Whether the Job still runs. */
  readonly running?: boolean;
}

/** A run of the Stage "uat". */
export interface MadeRun {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly metrics: readonly MadeMetric[];
}

const ENDED = "2026-01-01T00:05:00Z";

/** An AnalysisRun in the form that Argo Rollouts and Kargo write. */
export function analysisRun({ namespace, name, uid, metrics }: MadeRun): KubeObject {
  const results = metrics.map(({ name: metric = "checks", job, running = false }) => ({
    name: metric,
    phase: running ? "Running" : "Failed",
    measurements: [
      {
        phase: running ? "Running" : "Failed",
        startedAt: "2026-01-01T00:00:00Z",
        ...(!running && { finishedAt: ENDED }),
        metadata: { "job-name": job?.name ?? jobName(uid, metric), "job-namespace": job?.namespace ?? namespace },
      },
    ],
  }));
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name, namespace, uid, labels: { "kargo.akuity.io/stage": "uat" } },
    spec: {
      metrics: metrics.map(({ name: metric = "checks", containers = ["main"] }) => ({
        name: metric,
        provider: { job: { spec: { template: { spec: { containers: containers.map((each) => ({ name: each })) } } } } },
      })),
    },
    status: { phase: "Failed", startedAt: "2026-01-01T00:00:00Z", completedAt: ENDED, metricResults: results },
  };
}

/** The Job of a metric's first attempt, with a name that Kubernetes allows. */
export function jobName(uid: string, metric: string): string {
  return `${uid}.${metric.replace(/[^a-z0-9]/g, "").slice(0, 20) || "x"}.1`;
}

/** The projects, their Stages, the users and their permissions. */
export function clusterObjects(): KubeObject[] {
  return [
    namespace("shop"),
    namespace("elsewhere"),
    stageObject("shop", "uat"),
    token("reader", TOKENS.reader, "reader"),
    token("stranger", TOKENS.stranger, "stranger"),
    token("stageless", TOKENS.stageless, "stageless"),
    token("lister", TOKENS.lister, "lister"),
    token("gateway", GATEWAY_TOKEN, "system:serviceaccount:taffrail:taffrail"),
    role("Role", "reader", [RUNS, STAGES], "shop"),
    binding("RoleBinding", "reader", "reader", "shop"),
    role("Role", "reader", [RUNS, STAGES], "elsewhere"),
    binding("RoleBinding", "reader", "stranger", "elsewhere"),
    role("Role", "stageless", [RUNS], "shop"),
    binding("RoleBinding", "stageless", "stageless", "shop"),
    token("operator", TOKENS.operator, "operator"),
    role("ClusterRole", "operator", [{ ...RUNS, resources: ["analysisruns/explain"], verbs: ["get"] }]),
    binding("ClusterRoleBinding", "operator", "operator"),
    role("Role", "lister", [{ ...RUNS, verbs: ["get", "list"] }, STAGES], "shop"),
    binding("RoleBinding", "lister", "lister", "shop"),
    role("ClusterRole", "gateway", [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch", "create"] }]),
    binding("ClusterRoleBinding", "gateway", "system:serviceaccount:taffrail:taffrail"),
  ];
}

const RBAC = "rbac.authorization.k8s.io/v1";
const RUNS = { apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["get", "list", "watch"] };
const STAGES = { apiGroups: ["kargo.akuity.io"], resources: ["stages"], verbs: ["get"] };

function namespace(name: string): KubeObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "kargo.akuity.io/project": "true" } } };
}

function token(name: string, value: string, username: string): KubeObject {
  return { apiVersion: "demo.taffrail/v1", kind: "Token", metadata: { name }, token: value, user: { username } };
}

function role(kind: string, name: string, rules: readonly object[], namespace?: string): KubeObject {
  return { apiVersion: RBAC, kind, metadata: { name, namespace }, rules };
}

function binding(kind: string, name: string, user: string, namespace?: string): KubeObject {
  const roleRef = { kind: kind.replace("Binding", ""), name };
  return { apiVersion: RBAC, kind, metadata: { name, namespace }, roleRef, subjects: [{ kind: "User", name: user }] };
}
