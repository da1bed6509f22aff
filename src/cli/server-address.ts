import { isLoopbackHost } from "../loopback-host.ts";
import { CliError, EXIT } from "./exit.ts";

/**
 * A server's address from what the user typed. The default scheme is https, so that no token is sent in the clear by
 * mistake; for this machine it is http.
 *
 * @throws CliError with status 2 if it is not an address, or contains a password, a query or a fragment.
 */
export function serverAddress(named: string): string {
  const isLocal = isLoopbackHost(URL.parse(`http://${named}`)?.hostname ?? "");
  const text = /^https?:\/\//.test(named) ? named : `${isLocal ? "http" : "https"}://${named}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new CliError(EXIT.usage, "invalid server address", ["try     --server https://taffrail.example.com"]);
  }
  return text.replace(/\/+$/, "");
}
