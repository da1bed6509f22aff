import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { memoizeFor } from "../memoize-for.ts";
import { Secret } from "../secret.ts";
import type { KubeConnection } from "./connection.ts";

const MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** The kubelet replaces a token at 80 % of its lifetime, which is at least 10 minutes. */
const REREAD_MS = 60_000;

/**
 * Connects with the pod's ServiceAccount. `undefined` outside of a cluster.
 *
 * The token and the certificate authority are read again every minute, because they rotate
 * (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/).
 */
export function inClusterConnection(
  env: NodeJS.ProcessEnv,
  clock: Clock,
  mount: string = MOUNT,
): KubeConnection | undefined {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (!host || !port) return undefined;
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    credentials: memoizeFor(REREAD_MS, clock, async () => ({
      headers: { authorization: new Secret(`Bearer ${(await readFile(join(mount, "token"), "utf8")).trim()}`) },
      tls: { ca: await readFile(join(mount, "ca.crt"), "utf8") },
    })),
  };
}
