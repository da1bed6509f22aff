import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadObjects } from "../../../src/demo/objects.ts";
import type { KubeClient } from "./kube-client.ts";

/** As whom the API server knows the gateway. */
export const GATEWAY_USERNAME = "system:serviceaccount:taffrail:taffrail";

/**
 * Makes the roles in `deploy/` and the namespace of the accounts that gateways run under. Throws with the API server's
 * words.
 */
export async function createGatewayRoles(admin: KubeClient): Promise<void> {
  for (const file of ["cluster-role.yaml", "cluster-role-pods.yaml"]) {
    const role = await readFile(join(import.meta.dirname, "../../../deploy", file), "utf8");
    for (const object of loadObjects(role, new Date(), file)) await admin.create(object);
  }
  await admin.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "taffrail" } });
}

/**
 * Makes an account that gateways run under, as the comment in `deploy/cluster-role.yaml` tells operators to.
 *
 * Throws with the API server's words, also where there is such an account already.
 *
 * @param roles those that it gets: `taffrail` is all that a gateway needs which reads no pods.
 */
export async function createGatewayAccount(
  admin: KubeClient,
  name = "taffrail",
  roles: readonly string[] = ["taffrail"],
): Promise<void> {
  await admin.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "taffrail" } });
  for (const role of roles) {
    await admin.create({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `${name}-${role}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ kind: "ServiceAccount", name, namespace: "taffrail" }],
    });
  }
}
