import type { CompiledSource } from "../config/compile.ts";
import type { RequiredLookups } from "../runs/run-context.ts";

/** What the addresses and patterns of sources need to know of a run's surroundings: no read of a log costs more calls to the API server than that. */
export function wishOf(sources: readonly CompiledSource[]): RequiredLookups {
  const names = new Set<string>();
  for (const source of sources) {
    if (source.config.match.shard !== undefined) names.add("shard");
    if (source.kind !== "http") continue;
    for (const template of [source.http.url, ...Object.values(source.http.headers)]) {
      for (const name of template.names) names.add(name);
    }
  }
  return { shard: names.has("shard"), freight: names.has("freight") || names.has("freightAlias") };
}
