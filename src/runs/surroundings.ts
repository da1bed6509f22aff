import { z } from "zod";
import type { KubeApi } from "../kube/kube-api.ts";
import { FREIGHTS, STAGES } from "../kube/resources.ts";
import type { Run } from "./run.ts";

/** One Freight that a run verified. What only the object tells is missing once it is gone. */
export interface Freight {
  readonly name: string;
  readonly alias: string | undefined;
  readonly warehouse: string | undefined;
}

/** What stands around a run: what its Stage and its Freight tell. */
export interface Surroundings {
  readonly shard: string | undefined;
  readonly freight: readonly Freight[];
}

const Stage = z.object({ spec: z.object({ shard: z.string().optional() }).optional() });
const FreightObject = z.object({
  alias: z.string().optional(),
  metadata: z.object({ labels: z.record(z.string(), z.string()).optional() }),
  origin: z.object({ name: z.string() }).optional(),
});

/** A Stage takes one Freight from each of its Warehouses; more than this are not read, whatever a run claims to own. */
const MOST_FREIGHT = 20;

/** Reads what stands around a run. A Stage or Freight that is gone leaves its part out. */
export async function readSurroundings(kube: KubeApi, run: Run, signal: AbortSignal): Promise<Surroundings> {
  const { namespace, stage } = run;
  const [stageObject, ...freight] = await Promise.all([
    stage === undefined ? undefined : kube.get(STAGES, namespace, stage, signal),
    ...run.freight.slice(0, MOST_FREIGHT).map(async (name): Promise<Freight> => {
      const object = FreightObject.safeParse(await kube.get(FREIGHTS, namespace, name, signal)).data;
      const alias = object?.alias || object?.metadata.labels?.["kargo.akuity.io/alias"];
      return { name, alias: alias || undefined, warehouse: object?.origin?.name };
    }),
  ]);
  return { shard: Stage.safeParse(stageObject).data?.spec?.shard || undefined, freight };
}
