import type { NodeRequest } from "./node-http.ts";

/**
 * Leaves of what proxies say of a request only what the configured ones wrote: one value for each header, or none.
 *
 * Each proxy appends the address of its client to `x-forwarded-for`, so entries before those of the configured proxies
 * can be forged. Of the others, most proxies write only one value.
 *
 * @param proxies how many proxies in front append to these headers. 0: the headers are removed.
 */
export function keepTrustedProxyHeaders({ headers }: NodeRequest, proxies: number): void {
  for (const name of ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"] as const) {
    const entries = [headers[name] ?? []].flat().join(",").split(",");
    const first = name === "x-forwarded-for" ? undefined : entries[0];
    const value = proxies === 0 ? "" : (entries.at(-proxies) ?? first ?? "").trim();
    if (value === "") delete headers[name];
    else headers[name] = value;
  }
}
