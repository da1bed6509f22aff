import { createKubernetesStore, kubernetes } from "../../src/sources/kubernetes.ts";
import { SOURCE_KINDS } from "../../src/sources/registry.ts";
import type { SourceWorld, StartOptions } from "./stored-log.ts";

/** The pods of the ground's own cluster. */
export async function startPodsWorld({ idleMs }: Pick<StartOptions, "idleMs"> = {}): Promise<SourceWorld> {
  const impatient = idleMs !== undefined && {
    ...kubernetes,
    create: (_: object, deps: Parameters<typeof kubernetes.create>[1]) => createKubernetesStore({ ...deps, idleMs }),
  };
  return {
    yaml: "kubernetes: {}",
    ...(impatient && { kinds: SOURCE_KINDS.map((kind) => (kind === kubernetes ? impatient : kind)) }),
    log: (run) => run.addPod(),
    close: async () => {},
  };
}
