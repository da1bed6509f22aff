import type { Origin } from "../../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogStore } from "./log-store.ts";

/**
 * What the store sent instead of a log, according to the server: a web page or a JSON document. What a container writes
 * is a log whatever it looks like, such as the page that a smoke test fetched.
 */
export function notALog(
  { notices }: Pick<LogStore, "notices">,
  origin: Pick<Origin, "live"> | undefined,
): "page" | "answer" | undefined {
  if (origin?.live === true) return undefined;
  if (notices.some(({ kind }) => kind === "LOOKS_LIKE_PAGE")) return "page";
  return notices.some(({ kind }) => kind === "LOOKS_LIKE_ANSWER") ? "answer" : undefined;
}
