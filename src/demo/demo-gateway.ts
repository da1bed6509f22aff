import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { parseConfig } from "../config/load.ts";
import { createKubeApi } from "../kube/kube-api.ts";
import { createRate } from "../rate.ts";
import { Secret } from "../secret.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../server/gateway.ts";
import { demoConfig } from "./config.ts";
import { createDemoRoutes, type DemoRoutes } from "./demo-routes.ts";
import { STORE_TOKEN } from "./log-store.ts";
import type { KubeObject } from "./objects.ts";
import type { DemoServers } from "./servers.ts";

export interface DemoGatewayOptions {
  readonly servers: DemoServers;
  readonly objects: readonly KubeObject[];
  readonly clock: Clock;
  readonly log: Logger;
  /** 0: any free port. */
  readonly port: number;
  /** The run that the one-time link opens, as `project/name`. */
  readonly opens: { readonly project: string; readonly run: string };
  readonly isBuilding?: () => boolean;
}

/** The demo's gateway, which can be broken in several ways. */
export interface DemoGateway {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Signs in as the viewer and opens the failed run; works once. */
  readonly link: string;
  stop(): Promise<void>;
}

/** The users that the demo's page can sign in as. */
const PEOPLE = { viewer: "demo-viewer", outsider: "demo-outsider" } as const;
/** The run whose pod writes as long as the demo runs. */
const LIVE_RUN = "dev.01kkh78mj0ybmgq052an9t2aa5.dd78add";
const CUT_MS = 3_000;
/** How often per minute the one-time link may be tried. */
const LINK_TRIES = 60;

/**
 * Starts the gateway. The port and the key of cursors and sessions stay the same when its server is restarted.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function startDemoGateway(options: DemoGatewayOptions): Promise<DemoGateway> {
  const { servers, objects, clock, log, opens, isBuilding = () => false } = options;
  const key = new Secret(randomBytes(32).toString("base64"));
  const find = (kind: string, name: string): KubeObject | undefined =>
    objects.find((each) => each.kind === kind && each.metadata.name.startsWith(name));
  const live = find("AnalysisRun", LIVE_RUN);
  const pod = find("Pod", `${live?.metadata.uid}.`);
  const right = find("RoleBinding", "viewer-reads-runs");
  let url = "";

  const routes: DemoRoutes = createDemoRoutes({
    about: {
      ...PEOPLE,
      ...(live && { live: { project: live.metadata.namespace, run: live.metadata.name } }),
    },
    link: { path: `/p/${opens.project}/runs/${opens.run}`, token: PEOPLE.viewer },
    signIn: (token) => {
      const headers = { "content-type": "application/json" };
      return fetch(`${url}/session`, { method: "POST", headers, body: JSON.stringify({ token }) });
    },
    tries: createRate({ perKey: LINK_TRIES }, clock),
    acts: {
      "delete-pod": () => pod && servers.cluster.remove(pod),
      restart: () => restart(),
      cut: () => routes.cut(CUT_MS),
      revoke: () => right && servers.cluster.remove(right),
      restore: () => right && servers.cluster.put(right),
    },
  });

  const gatewayOptions = (port: number): GatewayOptions => ({
    compiled: {
      ...parseConfig(demoConfig(servers.store.url), {
        name: "the demo's config.yaml",
        folder: ".",
        env: { TAFFRAIL_DEMO_STORE_TOKEN: STORE_TOKEN },
        clock,
      }),
      cursorKeys: [() => Promise.resolve(key)],
    },
    kube: createKubeApi({
      server: servers.cluster.url,
      credentials: () => Promise.resolve({ headers: { authorization: new Secret("Bearer demo-gateway") }, tls: {} }),
    }),
    clock,
    log,
    host: "127.0.0.1",
    port,
    tls: undefined,
    page: { isBuilding, kind: "demo" },
    before: routes.serve,
  });

  let gateway: Gateway = await startGateway(gatewayOptions(options.port));
  const { port } = gateway.address;
  url = `http://127.0.0.1:${port}`;
  let changing = Promise.resolve();
  const restart = (): void => {
    changing = changing.then(async () => {
      // Called twice, it does not wait for streams.
      void gateway.stop();
      await gateway.stop();
      gateway = await startGateway(gatewayOptions(port));
    });
  };
  return {
    port,
    url,
    link: url + routes.linkPath,
    stop: async () => {
      await changing;
      await gateway.stop();
    },
  };
}
