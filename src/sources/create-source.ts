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
  /** Counts what comes of asking the source. */
  readonly meter: SourceMeter;
}

/** Creates a source as it is configured: whatever its kind, it is held to its `connections`, and counted. */
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
