import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { KubeObject } from "../../src/demo/objects.ts";
import { stageObject } from "../fakes/stage.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import type { KubeClient } from "./servers/kube-client.ts";

const ARGO = "argoproj.io/v1alpha1";
const KARGO = "kargo.akuity.io/v1alpha1";
const RBAC = "rbac.authorization.k8s.io/v1";

/** One attempt of a job metric: its Job's name, which is part of the log's address. */
export interface MadeRun {
  readonly name: string;
  readonly uid: string;
  /** The name of the Job of a metric's only attempt. */
  jobOf(metric: string): string;
}

/** A run that is not as most are. */
export interface RunOptions {
  /** Of the run, its metrics and their attempts. Default: Failed. */
  readonly phase?: "Running" | "Failed";
  /** Default: `main`. */
  readonly containers?: readonly string[];
  /** Default: none. */
  readonly initContainers?: readonly string[];
}

/** What an account may do in the project: RBAC rules. */
export type Rules = readonly {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}[];

/** The rights of somebody who may read every log of a project. */
export const READER: Rules = [
  { apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["get", "list"] },
  { apiGroups: ["kargo.akuity.io"], resources: ["stages"], verbs: ["get"] },
];

/** A Kargo project on the real API server: its namespace, and what tests put into it. */
export class TestProject {
  readonly name: string;
  readonly #kube: KubeClient;
  readonly #files: string;

  private constructor(name: string, kube: KubeClient, files: string) {
    this.name = name;
    this.#kube = kube;
    this.#files = files;
  }

  /**
   * Makes the project's namespace. Each test file needs names of its own.
   *
   * @param files the folder that nginx serves.
   */
  static async create(kube: KubeClient, name: string, files: string): Promise<TestProject> {
    await kube.create({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "kargo.akuity.io/project": "true" } },
    });
    return new TestProject(name, kube, files);
  }

  async addStage(name: string): Promise<void> {
    await this.#kube.create(stageObject(this.name, name));
  }

  /** Makes a ServiceAccount with these rights in this project and none elsewhere, and a token of it. */
  async addUser(name: string, rules: Rules): Promise<string> {
    const metadata = { name, namespace: this.name };
    await this.#kube.create({ apiVersion: "v1", kind: "ServiceAccount", metadata });
    await this.#kube.create({ apiVersion: RBAC, kind: "Role", metadata, rules });
    await this.#kube.create({
      apiVersion: RBAC,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    });
    return this.#kube.createToken(this.name, name, [API_AUDIENCE]);
  }

  /**
   * Makes an AnalysisRun of a Stage: each metric is one Job in one attempt. Its Freight need not exist.
   *
   * A run's uid is the server's choice and begins its Jobs' names: so the status, which names them, comes second.
   */
  async addRun(name: string, stage: string, metrics: readonly string[], options: RunOptions = {}): Promise<MadeRun> {
    const { phase = "Failed", containers = ["main"], initContainers = [] } = options;
    const podSpec = { initContainers: initContainers.map(imageOf), containers: containers.map(imageOf) };
    const owner = { apiVersion: KARGO, kind: "Freight", name: "f0e1d2c3", uid: "00000000-0000-4000-8000-000000000000" };
    const created = await this.#kube.create({
      apiVersion: ARGO,
      kind: "AnalysisRun",
      metadata: { name, namespace: this.name, labels: { "kargo.akuity.io/stage": stage }, ownerReferences: [owner] },
      spec: {
        metrics: metrics.map((metric) => ({
          name: metric,
          provider: { job: { spec: { template: { spec: podSpec } } } },
        })),
      },
    });
    const uid = String(created.metadata.uid);
    const jobOf = (metric: string) => `${uid}.${metric}.1`;
    const startedAt = "2026-01-01T00:00:00Z";
    const ended = phase === "Failed" ? "2026-01-01T00:05:00Z" : undefined;
    const status = {
      phase,
      startedAt,
      completedAt: ended,
      metricResults: metrics.map((metric) => ({
        name: metric,
        phase,
        count: 1,
        measurements: [
          { phase, startedAt, finishedAt: ended, metadata: { "job-name": jobOf(metric), "job-namespace": this.name } },
        ],
      })),
    };
    await this.#kube.replace({ ...created, status } as KubeObject);
    return { name, uid, jobOf };
  }

  /** Puts a log where the sources of these tests look for it: `project/job/main.log` in nginx's folder. */
  async storeLog(job: string, log: string | Uint8Array, suffix = ""): Promise<void> {
    const file = join(this.#files, this.name, job, `main.log${suffix}`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, log);
  }
}

/** A container that nobody will ever run. */
function imageOf(name: string): object {
  return { name, image: "example.com/tests" };
}
