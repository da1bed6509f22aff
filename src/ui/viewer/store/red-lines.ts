import { isRed, type Style } from "./style.ts";

const SPACE = 0x20;

/**
 * Whether more than half of a line's characters, blanks apart, are red.
 *
 * @param runs pairs of a position in the line and the style that begins there.
 */
export function isMostlyRed(line: Uint8Array, runs: Uint32Array, styles: readonly Style[]): boolean {
  let red = 0;
  let all = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const style = styles[runs[run + 1] ?? 0];
    const count = charactersIn(line, runs[run] ?? 0, runs[run + 2] ?? line.length);
    all += count;
    if (style !== undefined && isRed(style)) red += count;
  }
  return red * 2 > all;
}

function charactersIn(line: Uint8Array, from: number, to: number): number {
  let count = 0;
  const end = Math.min(to, line.length);
  // Bytes that go on with a character are not counted.
  for (let at = from; at < end; at += 1) if ((line[at] ?? 0) > SPACE && ((line[at] ?? 0) & 0xc0) !== 0x80) count += 1;
  return count;
}
