import type { Clock } from "../clock.ts";
import type { SourceMeter } from "../telemetry/source-health.ts";
import type { LogSource, LogTarget } from "./source.ts";
import { SourceError } from "./source-error.ts";

/**
 * Counts the outcomes of a source's requests in a meter, without changing them.
 *
 * A log counts as open until the signal that it was opened with is aborted, which its reader must do in the end.
 */
export function metered<T extends LogSource>(source: T, meter: SourceMeter, clock: Clock): T {
  return {
    ...source,
    async open(target, signal, options) {
      const began = clock.now();
      try {
        const log = await source.open(target, signal, options);
        const closed = meter.succeeded(Math.max(0, clock.now() - began));
        if (signal.aborted) closed();
        else signal.addEventListener("abort", closed, { once: true });
        return log;
      } catch (error) {
        if (!signal.aborted && error instanceof SourceError) count(meter, error, target, began);
        throw error;
      }
    },
  };
}

function count(meter: SourceMeter, error: SourceError, { values }: LogTarget, now: number): void {
  switch (error.outcome) {
    case "not-found": {
      const endedAt = Date.parse(values.variables.finishedAt ?? "");
      meter.notFound(Number.isNaN(endedAt) ? undefined : now - endedAt);
      return;
    }
    case "refused":
    case "unavailable":
    case "silent":
      meter.failed(error);
      return;
    case "not-yet":
      meter.notYet();
      return;
    default:
    // The source was not asked.
  }
}
