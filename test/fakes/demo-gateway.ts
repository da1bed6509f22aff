import { readFileSync } from "node:fs";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import { DEMO_CLUSTER, demoConfig } from "../../src/demo/config.ts";
import { STORE_TOKEN } from "../../src/demo/log-store.ts";
import type { MiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { loadObjects } from "../../src/demo/objects.ts";
import { startDemoServers } from "../../src/demo/servers.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";

/** The demo's gateway, in this process, on a free port. */
export interface DemoGateway {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly kubernetes: MiniKubernetes;
  close(): Promise<void>;
}

/** Starts the gateway, with the demo's cluster and log store. */
export async function startDemoGateway(): Promise<DemoGateway> {
  const now = new Date();
  const servers = await startDemoServers({ objects: loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), now), now });
  const { cluster: kubernetes, store } = servers;
  const clock = systemClock;
  const gateway = await startGateway({
    compiled: parseConfig(demoConfig(store.url), {
      name: "config.yaml",
      folder: ".",
      env: { TAFFRAIL_DEMO_STORE_TOKEN: STORE_TOKEN },
      clock,
    }),
    kube: createKubeApi({
      server: kubernetes.url,
      credentials: async () => ({ headers: { authorization: "Bearer demo-gateway" }, tls: {} }),
    }),
    clock,
    log: createLog("trace", { write: () => {} }),
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
  });
  return {
    url: `http://127.0.0.1:${gateway.address.port}`,
    kubernetes,
    close: async () => {
      void gateway.stop();
      await gateway.stop();
      await servers.close();
    },
  };
}
