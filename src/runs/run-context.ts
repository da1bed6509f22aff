import * as z from "zod";
import type { KubeApi } from "../kube/kube-api.ts";
import { FREIGHTS, STAGES } from "../kube/resources.ts";
import type { Run } from "./run.ts";

/** A Freight that a run verified. Fields of the object are absent once it is deleted. */
export interface Freight {
  readonly name: string;
  readonly alias: string | undefined;
  readonly warehouse: string | undefined;
}

/** What a run's Stage and Freight add to it. */
export interface RunContext {
  readonly shard: string | undefined;
  readonly freight: readonly Freight[];
}

const Stage = z.object({ spec: z.object({ shard: z.string().optional() }).optional() });
const FreightObject = z.object({
  alias: z.string().optional(),
  metadata: z.object({ labels: z.record(z.string(), z.string()).optional() }),
  origin: z.object({ name: z.string() }).optional(),
});

/** The parts of a run's context to look up. Each costs calls to the API server. */
export interface RequiredLookups {
  /** The shard of the Stage. */
  readonly shard: boolean;
  /** Aliases and Warehouses of the Freight. Their names need no lookup. */
  readonly freight: boolean;
}

/** Reads the required parts of a run's context. The parts of a deleted Stage or Freight are omitted. */
export async function readRunContext(
  kube: Pick<KubeApi, "get">,
  run: Run,
  required: RequiredLookups,
  signal: AbortSignal,
): Promise<RunContext> {
  const { namespace, stage } = run;
  const [stageObject, ...freight] = await Promise.all([
    stage === undefined || !required.shard ? undefined : kube.get(STAGES, namespace, stage, signal),
    ...run.freight.map(async (name): Promise<Freight> => {
      if (!required.freight) return { name, alias: undefined, warehouse: undefined };
      const object = FreightObject.safeParse(await kube.get(FREIGHTS, namespace, name, signal)).data;
      const alias = object?.alias || object?.metadata.labels?.["kargo.akuity.io/alias"];
      return { name, alias: alias || undefined, warehouse: object?.origin?.name };
    }),
  ]);
  return { shard: Stage.safeParse(stageObject).data?.spec?.shard || undefined, freight };
}
