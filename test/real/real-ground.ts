import type { Ground } from "../integration/access-table.ts";
import { startGateway } from "./servers/gateway.ts";
import { createGatewayAccount } from "./servers/gateway-account.ts";
import { API_AUDIENCE, type KubernetesAccess } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

/** A real API server, for tables that also run against the demo's. Gateways run as processes. */
export async function openRealGround(kubernetes: KubernetesAccess, folder: string): Promise<Ground> {
  const admin = new KubeClient(kubernetes);
  const account = "with-table";
  await createGatewayAccount(admin, account, ["taffrail", "taffrail-pods"]);
  const gatewayToken = () => admin.createToken("taffrail", account, [API_AUDIENCE]);

  return {
    put: (object) => (object.metadata.resourceVersion === undefined ? admin.create(object) : admin.replace(object)),
    tokenOf: async (caller) =>
      "user" in caller
        ? (kubernetes.userTokens[caller.user] ?? "")
        : admin.createToken(caller.namespace, caller.account, [API_AUDIENCE]),
    startGateway: async (config) => {
      const token = await gatewayToken();
      const gateway = await startGateway({
        folder,
        config: JSON.stringify(config),
        kubernetes: { ...kubernetes, token },
      });
      return { url: gateway.url, stop: () => gateway.server.stop() };
    },
    request: async (token, method, path, body) => {
      const client = new KubeClient(kubernetes, token);
      try {
        return await client.request(method, path, body);
      } finally {
        await client.close();
      }
    },
    gatewayToken,
    close: () => admin.close(),
  };
}
