import type { Failure } from "../failure.ts";
import { hasEnded } from "../runs/run.ts";
import type { LogSource } from "../sources/source.ts";
import type { ContainerView } from "./view.ts";

export interface MissingLogOptions {
  readonly sources: readonly LogSource[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** For how many days logs are kept. 0: unknown. */
  readonly retentionDays: number;
}

const DAY_MS = 86_400_000;

/**
 * Adds to the failure of a log that no source has what the Job's end says about it: whether the log may still come, or
 * is no longer kept. Other failures are returned as they are.
 */
export function missingLog(failure: Failure, view: ContainerView, options: MissingLogOptions): Failure {
  const { sources, now, retentionDays } = options;
  const { attempt, job } = view;
  if (failure.reason !== "LOG_NOT_FOUND") return failure;
  const endedAt = attempt.endedAt !== undefined && hasEnded(attempt.phase) ? Date.parse(attempt.endedAt) : Number.NaN;
  if (Number.isNaN(endedAt)) return failure.with({ missing: { jobName: job.name } });
  const archives = sources.filter(({ capabilities, matches }) => !capabilities.live && matches(view.facts));
  const lateAt = endedAt + Math.max(0, ...archives.map(({ settleMs }) => settleMs));
  const keptUntil = retentionDays > 0 ? endedAt + retentionDays * DAY_MS : undefined;
  const missing = {
    jobName: job.name,
    endedAt,
    ...(lateAt > now && { retryAt: lateAt }),
    ...(keptUntil !== undefined && { keptUntil }),
  };
  const ended = `The Job ended ${ago(now - endedAt)} ago`;
  if (lateAt > now) {
    return failure.with({
      missing,
      message: `${failure.message} ${ended}, and its log may come until ${timeOf(lateAt)}.`,
      next: `Try again then, or wait for it: ${Math.ceil((lateAt - now) / 1_000)} s (wait, --wait).`,
    });
  }
  if (keptUntil !== undefined && keptUntil <= now) {
    return failure.with({
      missing,
      message: `${failure.message} ${ended}, and logs are kept for ${retentionDays} days.`,
      next: "The log is no longer kept. An operator can keep logs for longer.",
    });
  }
  return failure.with({ missing });
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
