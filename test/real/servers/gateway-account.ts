import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadObjects } from "../../../src/demo/objects.ts";
import type { KubeClient } from "./kube-client.ts";

/** The gateway's user name at the API server. */
export const GATEWAY_USERNAME = "system:serviceaccount:taffrail:taffrail";

/**
 * Creates the roles in `deploy/` and the namespace of the gateways' accounts. Throws with the API server's message.
 */
export async function createGatewayRoles(admin: KubeClient): Promise<void> {
  for (const file of ["cluster-role.yaml", "cluster-role-pods.yaml", "cluster-role-kargo.yaml"]) {
    const role = await readFile(join(import.meta.dirname, "../../../deploy", file), "utf8");
    for (const object of loadObjects(role, new Date(), file)) await admin.create(object);
  }
  await admin.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "taffrail" } });
}

/**
 * Creates an account for gateways, as the comment in `deploy/cluster-role.yaml` tells operators to.
 *
 * Throws with the API server's message, also if the account already exists.
 *
 * @param roles its roles: `taffrail` is enough for a gateway that reads no pods.
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
