import { type Clock, systemClock } from "../clock.ts";
import { createLogFiles } from "./log-files.ts";
import { type LogStore, startLogStore } from "./log-store.ts";
import { type MiniKubernetes, startMiniKubernetes } from "./mini-kubernetes.ts";
import type { KubeObject } from "./objects.ts";

export interface DemoServersOptions {
  readonly objects: Iterable<KubeObject>;
  /** The time that the objects' times are relative to. */
  readonly now: Date;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/** The backends of the demo's gateway. */
export interface DemoServers {
  readonly cluster: MiniKubernetes;
  readonly store: LogStore;
  close(): Promise<void>;
}

/**
 * Starts the demo's cluster and its log store, each on a free port. Pods have the same output as the store.
 */
export async function startDemoServers({
  objects,
  now,
  clock = systemClock,
}: DemoServersOptions): Promise<DemoServers> {
  const files = createLogFiles({ now, clock });
  const store = await startLogStore({ now, clock });
  const cluster = await startMiniKubernetes({
    objects,
    clock,
    podLog: ({ namespace, job, container }) => files.findWritten(`/logs/${namespace}/${job}/${container}.log`),
  });
  return {
    cluster,
    store,
    close: async () => {
      await Promise.all([store.close(), cluster.close()]);
    },
  };
}
