import { CliError, EXIT } from "./exit.ts";

const HERE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/;

/**
 * The address of a server as a person names it. Without a scheme it is https, so that no token goes in clear by mistake; http only to this machine.
 *
 * @throws CliError with status 2 where it is no address, or holds more than one: a password, a query.
 */
export function serverAddress(named: string): string {
  const text = /^https?:\/\//.test(named) ? named : `${HERE.test(named) ? "http" : "https"}://${named}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new CliError(EXIT.usage, "the server's address is not one", [
      "try     --server https://taffrail.example.com",
    ]);
  }
  return text.replace(/\/+$/, "");
}
