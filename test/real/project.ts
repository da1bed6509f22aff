import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { KubeObject } from "../../src/demo/objects.ts";
import { stageObject } from "../fakes/stage.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import type { KubeClient } from "./servers/kube-client.ts";

const ARGO = "argoproj.io/v1alpha1";
const KARGO = "kargo.akuity.io/v1alpha1";
const RBAC = "rbac.authorization.k8s.io/v1";

/** One attempt of a job metric: its Job's name, which is part of the log's URL. */
export interface MadeRun {
  readonly name: string;
  readonly uid: string;
  /** The name of the Job of a metric's only attempt. */
  jobOf(metric: string): string;
}

/** Deviations from the default run. */
export interface RunOptions {
  /** The phase of the run, its metrics and their attempts. Default: Failed. */
  readonly phase?: "Running" | "Failed";
  /** Default: `main`. */
  readonly containers?: readonly string[];
  /** Default: none. */
  readonly initContainers?: readonly string[];
}

/** An account's permissions in the project, as RBAC rules. */
export type Rules = readonly {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}[];

/** The permissions to read every log of a project. */
export const READER: Rules = [
  { apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["get", "list"] },
  { apiGroups: ["kargo.akuity.io"], resources: ["stages"], verbs: ["get"] },
];

/** A Kargo project on the real API server: a namespace and its objects. */
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
   * Creates the project's namespace. Each test file needs its own names.
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

  /** Creates a ServiceAccount with these permissions in this project only, and a token of it. */
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
   * Creates an AnalysisRun of a Stage: each metric has one attempt with one Job. Its Freight need not exist.
   *
   * The server chooses a run's uid, with which the names of its Jobs begin, so the status is written second.
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

  /** Writes a log to `project/job/main.log` in nginx's folder, where the sources of these tests expect it. */
  async storeLog(job: string, log: string | Uint8Array, suffix = ""): Promise<void> {
    const file = join(this.#files, this.name, job, `main.log${suffix}`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, log);
  }
}

/** A container that never runs. */
function imageOf(name: string): object {
  return { name, image: "example.com/tests" };
}
