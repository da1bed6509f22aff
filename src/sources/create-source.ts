import type { Clock } from "../clock.ts";
import type { SourceMeter } from "../telemetry/source-health.ts";
import { limitConnections } from "./limit-connections.ts";
import { createMatch } from "./match.ts";
import { metered } from "./metered.ts";
import type { LogSource } from "./source.ts";
import type { CompiledSource, SourceConfig } from "./source-config.ts";
import type { SourceDeps } from "./source-kind.ts";

export interface CreateSourceDeps extends Omit<SourceDeps, "name"> {
  readonly clock: Clock;
  /** Counts the outcomes of requests to the source. */
  readonly meter: SourceMeter;
}

/** Creates the test whether a source is used, by its `match` and `phase`. */
function createSourceMatch({ match, phase }: SourceConfig): LogSource["matches"] {
  const matches = createMatch(match);
  const wanted = phase === "any" ? undefined : phase === "finished";
  return (facts) =>
    matches(facts) && (wanted === undefined || facts.finished === undefined || facts.finished === wanted);
}

/** Creates a configured source of any kind, limited to its `connections` and metered. */
export function createSource(source: CompiledSource, { clock, meter, ...deps }: CreateSourceDeps): LogSource {
  const { kind, config, compiled } = source;
  const { name } = config;
  const created: LogSource = {
    name,
    kind: kind.kind,
    capabilities: kind.capabilities,
    settleMs: config.settle,
    openLimit: config.connections,
    matches: createSourceMatch(config),
    ...kind.create(compiled, { ...deps, name }),
  };
  return metered(limitConnections(created), meter, clock);
}
