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

/** What of the surroundings somebody wants to know: each costs calls to the API server. */
export interface SurroundingsWish {
  /** Whether the shard is wanted, which the Stage tells. */
  readonly shard: boolean;
  /** Whether more than the names of the Freight is wanted: aliases and Warehouses. */
  readonly freight: boolean;
}

/** Reads what stands around a run, as far as it is wanted. A Stage or Freight that is gone leaves its part out. */
export async function readSurroundings(
  kube: Pick<KubeApi, "get">,
  run: Run,
  wish: SurroundingsWish,
  signal: AbortSignal,
): Promise<Surroundings> {
  const { namespace, stage } = run;
  const [stageObject, ...freight] = await Promise.all([
    stage === undefined || !wish.shard ? undefined : kube.get(STAGES, namespace, stage, signal),
    ...run.freight.slice(0, MOST_FREIGHT).map(async (name): Promise<Freight> => {
      if (!wish.freight) return { name, alias: undefined, warehouse: undefined };
      const object = FreightObject.safeParse(await kube.get(FREIGHTS, namespace, name, signal)).data;
      const alias = object?.alias || object?.metadata.labels?.["kargo.akuity.io/alias"];
      return { name, alias: alias || undefined, warehouse: object?.origin?.name };
    }),
  ]);
  return { shard: Stage.safeParse(stageObject).data?.spec?.shard || undefined, freight };
}
