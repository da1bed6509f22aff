import type { Clock } from "../clock.ts";
import type { SourceMeter } from "../telemetry/source-health.ts";
import { limitConnections } from "./limit-connections.ts";
import { createMatch } from "./match.ts";
import { metered } from "./metered.ts";
import type { LogSource } from "./source.ts";
import type { CompiledSource } from "./source-config.ts";
import type { SourceDeps } from "./source-kind.ts";

export interface CreateSourceDeps extends Omit<SourceDeps, "name"> {
  readonly clock: Clock;
  /** Counts the outcomes of requests to the source. */
  readonly meter: SourceMeter;
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
    matches: createMatch(config.match),
    ...kind.create(compiled, { ...deps, name }),
  };
  return metered(limitConnections(created), meter, clock);
}
