import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRun } from "../../test/fakes/run.ts";
import { DEMO_CLUSTER } from "../demo/config.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import { loadObjects } from "../demo/objects.ts";
import { createKubeApi, type KubeApi } from "../kube/kube-api.ts";
import { readRunContext } from "./run-context.ts";

const never = new AbortController().signal;
const APP = "b3624493a50ff4deade5018dd85b72d015ce9f2a";
const CONFIG = "5d43e1db9597a0446b229e90d0a94de403e80916";

let kubernetes: MiniKubernetes;
let kube: KubeApi;
beforeAll(async () => {
  kubernetes = await startMiniKubernetes({ objects: loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), new Date()) });
  const credentials = async () => ({ headers: { authorization: "Bearer demo-gateway" }, tls: {} });
  kube = createKubeApi({ server: kubernetes.url, credentials });
});
afterAll(async () => {
  await kube.close();
  await kubernetes.close();
});

const around = (parts: Parameters<typeof makeRun>[0]) =>
  readRunContext(kube, makeRun({ namespace: "guestbook", ...parts }), { shard: true, freight: true }, never);

describe("the context of a run", () => {
  it("has its Stage's shard, and the alias and Warehouse of all its Freight, in the run's order", async () => {
    expect(await around({ stage: "prod", freight: [CONFIG, APP] })).toEqual({
      shard: "eu-west",
      freight: [
        { name: CONFIG, alias: "calm-badger", warehouse: "guestbook-config" },
        { name: APP, alias: "brisk-heron", warehouse: "guestbook" },
      ],
    });
  });

  it("is empty for a run without a Stage, and for a Stage without a shard", async () => {
    expect(await around({ stage: undefined })).toEqual({ shard: undefined, freight: [] });
    expect(await around({ stage: "uat" })).toEqual({ shard: undefined, freight: [] });
  });

  it("is read only as far as needed: the run itself has the names of Freight", async () => {
    const asked: string[] = [];
    const watched = {
      get: (...args: Parameters<KubeApi["get"]>) => {
        asked.push(args[0].plural);
        return kube.get(...args);
      },
    };
    const run = makeRun({ namespace: "guestbook", stage: "prod", freight: [APP] });
    expect(await readRunContext(watched, run, { shard: false, freight: false }, never)).toEqual({
      shard: undefined,
      freight: [{ name: APP, alias: undefined, warehouse: undefined }],
    });
    expect(asked).toEqual([]);
    await readRunContext(watched, run, { shard: true, freight: false }, never);
    expect(asked).toEqual(["stages"]);
  });

  it("omits deleted objects", async () => {
    expect(await around({ stage: "deleted", freight: ["gone"] })).toEqual({
      shard: undefined,
      freight: [{ name: "gone", alias: undefined, warehouse: undefined }],
    });
  });

  it("omits objects with invalid names, whatever the run's author wrote", async () => {
    expect(await around({ stage: "../../secrets", freight: ["../x", ""] })).toEqual({
      shard: undefined,
      freight: [
        { name: "../x", alias: undefined, warehouse: undefined },
        { name: "", alias: undefined, warehouse: undefined },
      ],
    });
  });

  it("takes an alias from the label if there is no other", async () => {
    kubernetes.put({
      apiVersion: "kargo.akuity.io/v1alpha1",
      kind: "Freight",
      metadata: { name: "labelled", namespace: "guestbook", labels: { "kargo.akuity.io/alias": "old-style" } },
    });
    expect((await around({ freight: ["labelled"] })).freight).toEqual([
      { name: "labelled", alias: "old-style", warehouse: undefined },
    ]);
  });
});
