import type { Clock } from "../clock.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import { createSourceMeter, type SourceMeter } from "./source-health.ts";

/** All counters of this process. They contain no names except those of the configured sources, and do not grow. */
export interface Counters {
  /** When the process started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Bytes of logs sent. */
  sentBytes: number;
  readonly refusals: Refusals;
  /** The counters of one source. @throws Error if there is no such source in the configuration. */
  source(name: string): SourceMeter;
}

export function createCounters(sources: readonly string[], clock: Clock): Counters {
  const meters = new Map(sources.map((name) => [name, createSourceMeter(clock)]));
  return {
    startedAt: clock.now(),
    sentBytes: 0,
    refusals: createRefusals(),
    source(name) {
      const meter = meters.get(name);
      if (meter === undefined) throw new Error(`Unknown source "${name}".`);
      return meter;
    },
  };
}
