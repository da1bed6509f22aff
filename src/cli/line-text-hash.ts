import { ConnectError } from "@connectrpc/connect";
import type { LogChoice } from "../client/addresses.ts";
import { describeError } from "../client/describe-error.ts";
import { lineHash } from "../client/line-hash.ts";
import { printable } from "../quoted.ts";
import { shownLine } from "../stream/shown-line.ts";
import type { Connection } from "./connection.ts";

/** Longer lines are not hashed. */
const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** The hash of a line, or why there is none. */
export type LineHash =
  | { readonly kind: "hash"; readonly hash: string }
  | { readonly kind: "none"; readonly why: string };

/** Reads one line of a log and hashes it, so that the page can detect whether the line has moved. */
export async function readLineHash(
  { client, project }: Connection,
  run: string,
  { metric, attempt, container }: LogChoice,
  line: number,
  signal: AbortSignal,
): Promise<LineHash> {
  if (container === "all") return { kind: "none", why: "each container has its own line of that number" };
  const request = {
    namespace: project,
    name: run,
    metricName: metric,
    containerName: container ?? "",
    ...(attempt !== undefined && { attempt: { case: "attemptNumber", value: Number(attempt) } as const }),
    firstLine: BigInt(line),
    limitLines: 1n,
  };
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const event of client.getAnalysisRunLogs(request, { signal })) {
      if (event.kind !== "chunk" || (pieces.length === 0 && event.firstLine !== line)) continue;
      pieces.push(event.bytes);
      length += event.bytes.length;
      if (event.bytes.includes(LINE_FEED) || length > MAX_LINE_BYTES) break;
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof ConnectError)) throw error;
    return { kind: "none", why: printable(describeError(error).message) };
  }
  if (pieces.length === 0) return { kind: "none", why: "the log has no such line yet" };
  if (length > MAX_LINE_BYTES) return { kind: "none", why: "the line is longer than 1 MiB" };
  const text = Buffer.concat(pieces);
  const end = text.indexOf(LINE_FEED);
  // A partial line may still grow.
  if (end === -1) return { kind: "none", why: "the line is still being written" };
  return { kind: "hash", hash: lineHash(shownLine(text.subarray(0, end))) };
}
