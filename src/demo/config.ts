import { readFileSync } from "node:fs";

const PLACEHOLDER = "http://127.0.0.1:STORE_PORT";

/**
 * The demo's configuration, as YAML, for a store at this address. The token that it names has to stand in the environment variable
 * `TAFFRAIL_DEMO_STORE_TOKEN`.
 *
 * @param storeUrl such as `http://127.0.0.1:40123`, without a slash at the end.
 */
export function demoConfig(storeUrl: string): string {
  return readFileSync(new URL("./config.yaml", import.meta.url), "utf8").replaceAll(PLACEHOLDER, storeUrl);
}
