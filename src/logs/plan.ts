import type { Access } from "../access/access.ts";
import type { CallerTurns } from "../access/caller-turns.ts";
import type { GuardServices } from "../access/guarded-stream.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/schema.ts";
import { type Caller, userKey } from "../identity/caller.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { Rate } from "../rate.ts";
import { readAuthorizedRun } from "../runs/authorized-run.ts";
import type { Run } from "../runs/run.ts";
import type { RequiredLookups } from "../runs/run-context.ts";
import type { RunReader } from "../runs/run-reader.ts";
import type { WatchedRuns } from "../runs/watched-runs.ts";
import type { Sleep } from "../sleep.ts";
import type { LogSource } from "../sources/source.ts";
import type { DecompressLimits } from "../stream/decompress.ts";
import type { LineFilterOptions } from "../stream/line-filter-types.ts";
import type { Counters } from "../telemetry/counters.ts";
import { type CursorScope, type Cursors, refused } from "./cursor.ts";
import { staleCursor } from "./end-reason.ts";
import { checkRequest, cursorScope, filterOf, type LogRequest } from "./log-request.ts";
import type { Begin } from "./open-text.ts";
import { LogCursor } from "./position.ts";
import type { SentLimit } from "./sent-limit.ts";
import { LogReplaced } from "./text.ts";

/** What reading a log needs. */
export interface LogServices extends GuardServices {
  readonly config: Pick<Config, "limits" | "follow" | "jobNamespaces" | "retentionDays">;
  readonly kube: KubeApi;
  readonly watchedRuns: Pick<WatchedRuns, "watchOne">;
  readonly access: Access;
  readonly runs: RunReader;
  /** Unary calls, per user name, and large reads of runs. */
  readonly calls: Rate;
  /** Reads of runs, of which each caller has only some under way at once. */
  readonly runTurns: CallerTurns;
  readonly sources: readonly LogSource[];
  /** What the addresses and patterns of sources need to know about a run. */
  readonly lookups: RequiredLookups;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Creates what issues and opens cursors, with the current keys. */
  readonly cursors: (scope: CursorScope) => Promise<Cursors>;
}

/** What one log stream reads, decided before anything of the log is requested. */
export interface LogPlan {
  readonly request: LogRequest;
  /** As it was when the caller was authorized. */
  readonly run: Run;
  readonly metric: string | undefined;
  readonly attempt: LogRequest["selector"]["attempt"];
  /** Where to resume. `undefined`: from the beginning. */
  readonly resumed: LogCursor | undefined;
  readonly begin: Begin;
  readonly filter: LineFilterOptions | undefined;
  readonly limit: SentLimit;
  readonly decompression: DecompressLimits;
  readonly follow: boolean;
  /** When it was made, and until when to wait for a log that does not exist yet, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly waitUntil: number;
  /** How long this server lets each wait last, in milliseconds. */
  readonly maxWaitMs: number;
  readonly seal: Cursors["seal"];
}

/** Short logs that repeat one line compress as well as any bomb. */
const RATIO_FREE_BYTES = 64 * 1024 * 1024;

/** How far compressed logs may expand. */
export function decompressLimits({ limits }: Pick<Config, "limits">): DecompressLimits {
  return { ratio: limits.decompressionRatio, ratioFreeBytes: RATIO_FREE_BYTES };
}

/**
 * Authorizes the caller and decides what to read.
 *
 * @throws Failure.
 */
export async function planLog(
  services: LogServices,
  caller: Caller,
  request: LogRequest,
  signal: AbortSignal,
): Promise<LogPlan> {
  const { limits } = services.config;
  const startedAt = services.clock.now();
  const follow = request.follow === true;
  const kept = !follow && request.cursor === undefined;
  const run = await readAuthorizedRun(services, caller, request.run, signal, { kept });
  checkRequest(request);
  const filter = filterOf(request, limits.lineBytes);
  const cursors = await services.cursors({ caller: userKey(caller), request: cursorScope(request) });
  const resumed = request.cursor === undefined ? undefined : readCursor(cursors.open(request.cursor));
  if (resumed !== undefined && resumed.run !== run.uid) throw staleCursor(new LogReplaced());
  return {
    request,
    run,
    metric: resumed?.metric ?? request.selector.metric,
    attempt: request.selector.attempt === "all" ? "all" : (resumed?.attempt ?? request.selector.attempt),
    resumed,
    begin: { tail: request.tail, firstLine: request.firstLine, since: request.since },
    filter,
    limit: {
      lines: request.limitLines,
      bytes: Math.min(request.limitBytes ?? Number.POSITIVE_INFINITY, limits.logBytes),
    },
    decompression: decompressLimits(services.config),
    follow,
    startedAt,
    waitUntil: startedAt + (request.waitMs ?? (follow ? Number.POSITIVE_INFINITY : 0)),
    maxWaitMs: limits.wait,
    seal: cursors.seal,
  };
}

/** @throws Failure CURSOR_INVALID if a server of another version issued it. */
function readCursor(position: unknown): LogCursor {
  const { data } = LogCursor.safeParse(position);
  if (data === undefined) throw refused("CURSOR_INVALID", "This cursor was issued by another version of this server.");
  return data;
}
