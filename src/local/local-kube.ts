import { once } from "node:events";
import { Failure } from "../failure.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { ReduceLarge } from "../kube/reduced.ts";
import { FREIGHTS, type KubeResource, NAMESPACES, PODS, STAGES } from "../kube/resources.ts";

/** What a run's log can do without: a caller who may not read it gets the rest. */
const OPTIONAL: ReadonlySet<KubeResource> = new Set([STAGES, FREIGHTS, PODS]);

/**
 * The client of a user who may not read everything that a gateway's account may: what only adds to a run counts as
 * absent where Kubernetes denies it, and instead of all namespaces, the context's own one is listed.
 *
 * @param namespace of the kubeconfig's context.
 */
export function createLocalKube(kube: KubeApi, namespace: string): KubeApi {
  return {
    ...kube,
    get: (resource, within, name, ...call) =>
      OPTIONAL.has(resource)
        ? orAbsent(kube.get(resource, within, name, ...call), undefined)
        : kube.get(resource, within, name, ...call),
    async *list(resource, within, options) {
      try {
        yield* kube.list(resource, within, options);
      } catch (error) {
        if (!isDenied(error)) throw error;
        if (resource === NAMESPACES) yield [{ metadata: { name: namespace } }];
        else if (!OPTIONAL.has(resource)) throw error;
      }
    },
    async *watch<T>(...call: WatchCall<T>): AsyncGenerator<readonly T[]> {
      const [resource, within, selection, signal, keep, reduce] = call;
      try {
        yield* keep === undefined
          ? (kube.watch(resource, within, selection, signal) as AsyncIterable<readonly T[]>)
          : kube.watch(resource, within, selection, signal, keep, reduce);
      } catch (error) {
        if (!isDenied(error) || !OPTIONAL.has(resource)) throw error;
        yield [];
        // As a watch of nothing, which ends only with its reader.
        if (!signal.aborted) await once(signal, "abort");
        signal.throwIfAborted();
      }
    },
  } as KubeApi;
}

type WatchCall<T> = [
  resource: KubeResource,
  namespace: string | undefined,
  selection: Parameters<KubeApi["watch"]>[2],
  signal: AbortSignal,
  keep?: (object: unknown) => T,
  reduce?: ReduceLarge,
];

async function orAbsent<T>(work: Promise<T>, absent: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isDenied(error)) return absent;
    throw error;
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof Failure && error.kind === "denied";
}
