/**
 * What of the cluster is read for templates and patterns, beside the run itself: each costs calls to the API server.
 */
export interface Lookups {
  /** The shard, which the run's Stage tells. */
  readonly shard: boolean;
  /** Aliases and Warehouses of the run's Freight. Their names stand in the run. */
  readonly freight: boolean;
}

export const NO_LOOKUPS: Lookups = { shard: false, freight: false };

/** What these templates need. */
export function lookupsOf(templates: Iterable<{ readonly names: ReadonlySet<string> }>): Lookups {
  const names = new Set(Array.from(templates, (template) => [...template.names]).flat());
  return { shard: names.has("shard"), freight: names.has("freight") || names.has("freightAlias") };
}

/** What any of these is needed for. */
export function allLookups(lookups: Iterable<Lookups>): Lookups {
  let all = NO_LOOKUPS;
  for (const { shard, freight } of lookups) all = { shard: all.shard || shard, freight: all.freight || freight };
  return all;
}
