import { isUtf8 } from "node:buffer";
import { unfinishedLength } from "./characters.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: compressed data is full of them, and text is not.
const CONTROLS = /[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f]/;

/** Whether the first bytes of a file are plain UTF-8 text, rather than compressed data. */
export function isPlainText(head: Uint8Array): boolean {
  const whole = head.subarray(0, head.length - unfinishedLength(head));
  return isUtf8(whole) && !CONTROLS.test(Buffer.from(whole).toString("latin1"));
}
