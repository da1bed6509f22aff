import type { Block } from "./block.ts";
import type { LogStore } from "./log-store.ts";

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes of a line, without its line feed. */
export function lineBytes(block: Block, index: number): Uint8Array {
  return block.text.subarray(block.offsets[index], (block.offsets[index + 1] ?? 1) - 1);
}

/**
 * The text of a line.
 *
 * @param maxBytes default: all of it.
 * @returns an empty text if the line was evicted.
 */
export function lineText(store: LogStore, line: number, maxBytes = Number.POSITIVE_INFINITY): string {
  const placed = store.at(line);
  return placed === undefined ? "" : textOf(placed.block, placed.index, maxBytes);
}

export function textOf(block: Block, index: number, maxBytes = Number.POSITIVE_INFINITY): string {
  const bytes = lineBytes(block, index);
  return DECODER.decode(bytes.length > maxBytes ? bytes.subarray(0, wholeCharacters(bytes, maxBytes)) : bytes);
}

/** The longest prefix of at most this many bytes that does not split a character. */
function wholeCharacters(bytes: Uint8Array, maxBytes: number): number {
  let end = maxBytes;
  while (end > maxBytes - 4 && end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}

/** A part of a line in one style. Positions count UTF-16 units of the line's text. */
export interface StyledPart {
  readonly start: number;
  readonly end: number;
  /** An index into the store's styles. */
  readonly style: number;
}

/** The styles of a line, as far as `text` goes. Parts without a style are left out. */
export function styledParts(block: Block, index: number, text: string): StyledPart[] {
  const { runs } = block;
  const from = block.offsets[index] ?? 0;
  let run = runBefore(runs, from);
  const parts: StyledPart[] = [];
  const toUnits = unitCounter(text);
  const limit = from + lineBytes(block, index).length;
  for (; run < runs.length; run += 2) {
    const style = runs[run + 1] ?? 0;
    const at = Math.max(runs[run] ?? 0, from);
    if (at >= limit) break;
    const next = Math.min(runs[run + 2] ?? limit, limit);
    if (next <= at || style === 0) continue;
    const start = toUnits(at - from);
    const end = toUnits(next - from);
    if (start >= text.length) break;
    if (end > start) parts.push({ start, end, style });
  }
  return parts;
}

/** The run that is active at a position: the index of its pair. */
function runBefore(runs: Uint32Array, at: number): number {
  let low = 0;
  let high = runs.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle * 2] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1) * 2;
}

/** Converts ascending UTF-8 byte positions to UTF-16 units. */
function unitCounter(text: string): (bytes: number) => number {
  let units = 0;
  let counted = 0;
  return (bytes) => {
    while (counted < bytes && units < text.length) {
      const code = text.charCodeAt(units);
      const pair = code >= 0xd800 && code <= 0xdbff;
      counted += code < 0x80 ? 1 : code < 0x800 ? 2 : pair ? 4 : 3;
      units += pair ? 2 : 1;
    }
    return units;
  };
}
