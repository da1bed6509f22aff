import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { CompiledConfig } from "../config/compile.ts";
import { createEgress } from "../egress/egress.ts";
import { createKubeApi, type KubeApi } from "../kube/kube-api.ts";
import type { KubeconfigConnection } from "../kube/kubeconfig.ts";
import { Secret } from "../secret.ts";
import { startGateway } from "../server/gateway.ts";
import type { PageOptions } from "../server/page.ts";
import { createLocalCallers } from "./local-callers.ts";
import { createLocalDoor } from "./local-door.ts";
import { createLocalKube } from "./local-kube.ts";
import type { KubeUserInfo } from "./who-am-i.ts";

export interface LocalGatewayOptions {
  readonly compiled: CompiledConfig;
  /** The client of the kubeconfig's user, which the gateway closes. */
  readonly kube: KubeApi;
  /** Who that is: see {@link whoAmI}. */
  readonly user: KubeUserInfo;
  /** The namespace of the kubeconfig's context. */
  readonly namespace: string;
  /** Signs cursors, so that a later process can resume. */
  readonly cursorKey: Secret;
  readonly clock: Clock;
  readonly log: Logger;
  /** An address of the loopback interface. Default: 127.0.0.1. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** The page to open. Default: none, only programs with the token get in. */
  readonly page?: Omit<PageOptions, "base"> & { readonly opens: () => string };
}

/** A gateway for whoever started it. */
export interface LocalGateway {
  /** Its address, with the base path. */
  readonly url: string;
  /** What programs send as the bearer token. */
  readonly token: Secret;
  /** Signs a browser in, once. Absent without a page. */
  readonly link: string | undefined;
  stop(): Promise<void>;
}

/**
 * Starts a gateway that reads with the credentials of the kubeconfig's user, and lets in nobody but whoever has its
 * token or its link.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function startLocalGateway(options: LocalGatewayOptions): Promise<LocalGateway> {
  const { compiled, kube, user, namespace, cursorKey, clock, log, host = "127.0.0.1", port, page } = options;
  const token = new Secret(randomBytes(32).toString("base64url"));
  const base = page === undefined ? "" : `/${randomBytes(15).toString("base64url")}`;
  const door = createLocalDoor({ secret: token, page: page && { base, path: page.opens } });
  const gateway = await startGateway({
    compiled: {
      ...compiled,
      config: { ...compiled.config, basePath: base },
      cursorKeys: [() => Promise.resolve(cursorKey)],
    },
    kube: createLocalKube(kube, namespace),
    clock,
    log,
    host,
    port,
    tls: undefined,
    callers: createLocalCallers({ secret: token, user }),
    ...(page !== undefined && { page: { ...page, kind: "local" } }),
    before: door.serve,
  });
  const { address, family } = gateway.address;
  const origin = `http://${family === "IPv6" ? `[${address}]` : address}:${gateway.address.port}`;
  return {
    url: `${origin}${base}`,
    token,
    link: door.linkPath && `${origin}${door.linkPath}`,
    stop: async () => {
      // Called twice, it does not wait for streams.
      void gateway.stop();
      await gateway.stop();
    },
  };
}

/** Creates the client of a kubeconfig's user. It goes wherever the kubeconfig leads, as kubectl does. */
export function createUserKube(connection: KubeconfigConnection): KubeApi {
  return createKubeApi({ ...connection, owner: "user" }, {}, createEgress({ allow: ["0.0.0.0/0", "::/0"] }));
}
