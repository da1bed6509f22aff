import type { GetStatusResponse } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** Everything that the page shows, as JSON for support. The server has removed secrets. */
export function supportBundle(status: GetStatusResponse): string {
  const replacer = (key: string, value: unknown): unknown => {
    if (key === "$typeName" || key === "$unknown") return undefined;
    return typeof value === "bigint" ? Number(value) : value;
  };
  return JSON.stringify({ time: new Date().toISOString(), page: navigator.userAgent, status }, replacer, 2);
}
