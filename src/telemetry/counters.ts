import type { Clock } from "../clock.ts";
import { createSourceMeter, type SourceMeter } from "./source-health.ts";

/** What this process counts of itself, in one place. It holds no names but those of the configuration's sources, and does not grow. */
export interface Counters {
  /** When it began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Bytes of logs that were sent. */
  sentBytes: number;
  /** That of one source. @throws Error where the configuration has no such source. */
  source(name: string): SourceMeter;
}

export function createCounters(sources: readonly string[], clock: Clock): Counters {
  const meters = new Map(sources.map((name) => [name, createSourceMeter(clock)]));
  return {
    startedAt: clock.now(),
    sentBytes: 0,
    source(name) {
      const meter = meters.get(name);
      if (meter === undefined) throw new Error(`Unknown source "${name}".`);
      return meter;
    },
  };
}
