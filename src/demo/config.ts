import { readFileSync } from "node:fs";

/** The file with the demo's objects. */
export const DEMO_CLUSTER = new URL("./cluster.yaml", import.meta.url);

const PLACEHOLDER = "http://127.0.0.1:STORE_PORT";

/**
 * The demo's configuration, as YAML, for a store at this URL. Its token is read from the environment variable
 * `TAFFRAIL_DEMO_STORE_TOKEN`.
 *
 * @param storeUrl such as `http://127.0.0.1:40123`, without a trailing slash.
 */
export function demoConfig(storeUrl: string): string {
  return readFileSync(new URL("./config.yaml", import.meta.url), "utf8").replaceAll(PLACEHOLDER, storeUrl);
}
