import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadObjects } from "../../../src/demo/objects.ts";
import type { KubeClient } from "./kube-client.ts";

/** As whom the API server knows the gateway. */
export const GATEWAY_USERNAME = "system:serviceaccount:taffrail:taffrail";

/**
 * Makes the account that gateways run under, as the comment in `deploy/cluster-role.yaml` tells operators to.
 *
 * Throws with the API server's words, also where there is such an account already.
 */
export async function createGatewayAccount(admin: KubeClient): Promise<void> {
  const role = await readFile(join(import.meta.dirname, "../../../deploy/cluster-role.yaml"), "utf8");
  for (const object of loadObjects(role, new Date(), "cluster-role.yaml")) await admin.create(object);
  await admin.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "taffrail" } });
  await admin.create({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "taffrail", namespace: "taffrail" },
  });
  await admin.create({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "taffrail" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "taffrail" },
    subjects: [{ kind: "ServiceAccount", name: "taffrail", namespace: "taffrail" }],
  });
}
