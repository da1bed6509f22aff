import type { KubeObject } from "../../src/demo/objects.ts";

/** The smallest Stage that Kargo accepts: it must request Freight. */
export function stageObject(namespace: string, name: string): KubeObject {
  const origin = { kind: "Warehouse", name: "main" };
  return {
    apiVersion: "kargo.akuity.io/v1alpha1",
    kind: "Stage",
    metadata: { name, namespace },
    spec: { requestedFreight: [{ origin, sources: { direct: true } }] },
  };
}
