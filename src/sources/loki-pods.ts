import type { LokiClient, LokiSession } from "./loki-client.ts";
import { ofStream, withLabel } from "./loki-query.ts";

/** A query that also matches the pods of other attempts. All times are nanoseconds since 1970. */
export interface AmbiguousQuery {
  readonly query: string;
  /** The label with the pod's name. */
  readonly podLabel: string;
  /** The times to search. */
  readonly from: bigint;
  readonly to: bigint;
  /** When the attempt began and, unless it is running, ended. */
  readonly startedAt: bigint;
  readonly finishedAt: bigint | undefined;
}

/**
 * Narrows a query to the pods of one attempt: those whose first line is neither from before the attempt nor from after
 * it. Attempts of a metric never overlap, and a pod writes its first line after its attempt has begun.
 *
 * @returns `no-label` if streams have no such label: then only the times tell attempts apart.
 */
export async function narrowToAttempt(
  client: LokiClient,
  session: LokiSession,
  { query, podLabel, from, to, startedAt, finishedAt }: AmbiguousQuery,
): Promise<(string & {}) | "no-label" | "no-pods"> {
  const streams = await client.series(session, query, from, to);
  const pods = new Map<string, bigint>();
  for (const labels of streams) {
    const pod = labels[podLabel];
    if (pod === undefined) return "no-label";
    const range = { query: ofStream(query, labels), from, to, direction: "forward", lines: 1 } as const;
    const { firstTime: time } = (await client.queryRange(session, range)).page;
    if (time === undefined) continue;
    const known = pods.get(pod);
    pods.set(pod, known === undefined || time < known ? time : known);
  }
  const own = [...pods].filter(([, time]) => time >= startedAt && (finishedAt === undefined || time <= finishedAt));
  return own.length === 0 ? "no-pods" : withLabel(query, podLabel, own.map(([pod]) => pod).sort());
}
