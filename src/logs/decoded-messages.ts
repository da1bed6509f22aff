import type { DecidedBy } from "../stream/encoding.ts";
import type { Decoding } from "./text.ts";

const SAYS: Readonly<Record<DecidedBy, string>> = {
  mark: "its byte order mark says",
  bytes: "its first bytes show",
  setting: "its source's configuration says",
  store: "its store says",
};

/** Says what was decoded from which encoding so far, and what decided that. */
export function decodedMessages({ from, decoded, keptUtf8 }: Decoding): string[] {
  const { name, by = "store", label = name } = from;
  const declared = label.trim().toLowerCase();
  const says = declared === name ? SAYS[by] : `${SAYS[by]} (${declared})`;
  return [
    ...(decoded ? [`The log is stored in ${name.toUpperCase()}, as ${says}; it is sent as UTF-8.`] : []),
    ...(keptUtf8 ? [`Lines of the log are UTF-8, as their bytes show, although ${SAYS[by]} ${declared}.`] : []),
  ];
}
