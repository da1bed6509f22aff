import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { loadObjects } from "../../src/demo/objects.ts";
import { createCustomResources } from "./servers/custom-resources.ts";
import { startKubeApiserver } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const root = join(import.meta.dirname, "../..");
/** The definitions that Kargo and Argo Rollouts publish. They are theirs, so they lie beside the project and not in it. */
const published = join(root, "../shared/crds");
const present = existsSync(published);
if (!present) console.warn(`Skipped: the published CRDs are not there (${published}).`);

const cluster = loadObjects(await readFile(join(root, "src/demo/cluster.yaml"), "utf8"), new Date());
/** What the demo has of its own, or every cluster has without it. */
const foreign = cluster.filter(({ apiVersion, kind, metadata }) => {
  return apiVersion !== "demo.taffrail/v1" && !(kind === "Namespace" && metadata.name === "default");
});
const named = foreign.map((object) => ({
  title: `${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`,
  object,
}));

describe.skipIf(!present)("the demo's cluster, on a real API server with the published CRDs", () => {
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

  it("holds objects of every kind that the gateway reads", () => {
    const kinds = new Set(foreign.map(({ kind }) => kind));
    expect([...kinds]).toEqual(
      expect.arrayContaining(["Namespace", "AnalysisRun", "Stage", "Freight", "Promotion", "Project"]),
    );
  });

  // In the order of the file: a namespace comes before what is in it.
  it.each(named)("has a valid $title", async ({ object }) => {
    const created = await kube.create(object);
    for (const field of ["spec", "status", "alias", "origin"]) {
      if (field in object) expect(created[field], field).toMatchObject(object[field] as object);
    }
  });

  it("refuses an object with a field that the CRD does not know", async () => {
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
