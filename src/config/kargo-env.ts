import type * as z from "zod";
import { http } from "../sources/http.ts";

/**
 * The configuration in the variables that tell Kargo's API server where logs are
 * (https://docs.kargo.io/operator-guide/advanced-installation/common-configurations, "Logs from Job Metrics"), or
 * `undefined` if they are not set.
 *
 * `ANALYSIS_RUN_LOG_HTTP_HEADERS` is `NAME=VALUE,NAME=VALUE`. A comma that is not followed by `NAME=` belongs to the
 * value.
 */
export function kargoConfig(env: NodeJS.ProcessEnv): object | undefined {
  const url = env.ANALYSIS_RUN_LOG_URL_TEMPLATE;
  if (!url) return undefined;
  const headers: Record<string, string> = {};
  for (const pair of (env.ANALYSIS_RUN_LOG_HTTP_HEADERS ?? "").split(/,(?=[-\w]+=)/)) {
    const at = pair.indexOf("=");
    if (at > 0) headers[pair.slice(0, at).trim()] = pair.slice(at + 1);
  }
  const token = env.ANALYSIS_RUN_LOG_TOKEN ? { token: { env: "ANALYSIS_RUN_LOG_TOKEN" } } : {};
  const settings: z.input<typeof http.schema> = { url, headers, ...token };
  return { sources: [{ name: "kargo", [http.kind]: settings }] };
}
