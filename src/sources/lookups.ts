/**
 * What templates and patterns need from the cluster besides the run itself. Each costs calls to the API server.
 */
export interface Lookups {
  /** The shard of the run's Stage. */
  readonly shard: boolean;
  /** Aliases and Warehouses of the run's Freight. The run itself has their names. */
  readonly freight: boolean;
}

export const NO_LOOKUPS: Lookups = { shard: false, freight: false };

/** The lookups of these templates. */
export function lookupsOf(templates: Iterable<{ readonly names: ReadonlySet<string> }>): Lookups {
  const names = new Set(Array.from(templates, (template) => [...template.names]).flat());
  return { shard: names.has("shard"), freight: names.has("freight") || names.has("freightAlias") };
}

/** The union of these lookups. */
export function allLookups(lookups: Iterable<Lookups>): Lookups {
  let all = NO_LOOKUPS;
  for (const { shard, freight } of lookups) all = { shard: all.shard || shard, freight: all.freight || freight };
  return all;
}
