import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { playDeployRun } from "../../src/demo/deploy-run.ts";
import { type KubeObject, loadObjects } from "../../src/demo/objects.ts";
import { analysisRun, clusterObjects } from "../integration/objects.ts";
import { TestProject } from "./project.ts";
import { createCustomResources } from "./servers/custom-resources.ts";
import { startKubeApiserver } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const root = join(import.meta.dirname, "../..");
/**
 * The definitions that Kargo and Argo Rollouts publish. They are not part of this repository.
 */
const published = join(root, "../shared/crds");
const present = existsSync(published);
if (!present) console.warn(`Skipped: the published CRDs are not there (${published}).`);

const bench = loadObjects(await readFile(join(root, "test/bench/cluster.yaml"), "utf8"), new Date());
const run = { namespace: "shop", name: "uat.run-1", uid: "00000000-0000-4000-8000-000000000001" };
/** The objects of the suites' clusters. Runs that are invalid on purpose are defined in their tests. */
const fixtures = [
  ...clusterObjects(),
  analysisRun({ ...run, metrics: [{}] }),
  analysisRun({ ...run, name: "uat.run-2", metrics: [{ running: true, containers: ["main", "proxy"] }] }),
  analysisRun({
    ...run,
    name: "uat.run-3",
    metrics: [{ name: "Smoke test" }, { name: "e2e", job: { name: "a", namespace: "b" } }],
  }),
  ...bench,
];
const cluster = loadObjects(await readFile(join(root, "src/demo/cluster.yaml"), "utf8"), new Date());
/** Kinds that only the demo has, or that every cluster has anyway. */
function isForeign({ apiVersion, kind, metadata }: KubeObject): boolean {
  return apiVersion !== "demo.taffrail/v1" && !(kind === "Namespace" && metadata.name === "default");
}

function named(objects: readonly KubeObject[]) {
  return objects.map((object) => ({
    title: `${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`,
    object,
  }));
}

const foreign = cluster.filter(isForeign);

describe.skipIf(!present)("a real API server with the published CRDs", () => {
  let kube: KubeClient;
  const undo: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const { access, server } = await startKubeApiserver("published", inject("etcdUrl"), inject("folder"));
    undo.push(() => server.stop());
    kube = new KubeClient(access);
    undo.push(() => kube.close());
    await createCustomResources(kube, published);
  });

  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
  });

  async function expectTaken(object: KubeObject): Promise<void> {
    const created = await kube.create(object);
    expect(created.metadata.name).toBe(object.metadata.name);
    for (const field of ["spec", "status", "alias", "origin"]) {
      if (field in object) expect(created[field], field).toMatchObject(object[field] as object);
    }
  }

  it("accepts objects of every kind that the gateway reads", () => {
    const kinds = new Set(foreign.map(({ kind }) => kind));
    expect([...kinds]).toEqual(
      expect.arrayContaining(["Namespace", "AnalysisRun", "Stage", "Freight", "Promotion", "Project"]),
    );
  });

  // In the order of the file: a namespace precedes its objects.
  it.each(named(foreign))("accepts the demo's $title", ({ object }) => expectTaken(object));

  // The demo has objects with the same names.
  const own = ({ metadata, ...object }: KubeObject): KubeObject =>
    object.kind.startsWith("Cluster")
      ? { ...object, metadata: { ...metadata, name: `suites-${metadata.name}` } }
      : { ...object, metadata };
  it.each(named(fixtures.filter(isForeign)))("accepts the suites' $title", ({ object }) => expectTaken(own(object)));

  it("accepts the demo's running run in each of its phases", async () => {
    const steps: KubeObject[] = [];
    // Pods are not custom resources: the tests that read them prove that an API server accepts them.
    const put = (object: KubeObject): KubeObject => {
      if (object.kind === "AnalysisRun") steps.push(object);
      return object;
    };
    await playDeployRun({ put }, new Date(), new AbortController().signal, async () => {});
    for (const [index, step] of steps.entries()) {
      await expectTaken({ ...step, metadata: { ...step.metadata, name: `${step.metadata.name}-${index}` } });
    }
    expect(steps.length).toBeGreaterThan(2);
  });

  it("accepts what the tests with real servers create", async () => {
    const project = await TestProject.create(kube, "made-by-tests", inject("folder"));
    await project.addStage("uat");
    for (const [name, phase] of [
      ["failed", "Failed"],
      ["running", "Running"],
    ] as const) {
      const made = await project.addRun(name, "uat", ["smoke", "e2e"], { phase, initContainers: ["seed"] });
      expect(made.name).toBe(name);
    }
  });

  it("rejects an object with an unknown field", async () => {
    const stage = foreign.find(({ kind }) => kind === "Stage");
    if (stage === undefined) throw new Error("The demo has no Stage.");
    const misspelt = {
      ...stage,
      metadata: { ...stage.metadata, name: "misspelt" },
      spec: { ...(stage.spec as object), shrad: "east" },
    };
    await expect(kube.create(misspelt)).rejects.toThrow(/unknown field "spec.shrad"/);
  });
});
