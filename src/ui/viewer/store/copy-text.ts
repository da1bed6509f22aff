import { withoutBidi } from "./invisible.ts";
import { textOf } from "./line-text.ts";
import type { LogStore } from "./log-store.ts";

/** More characters than these are too many for a clipboard. */
const MOST_COPIED = 32 * 1024 * 1024;

/**
 * The text of lines from one position up to and with another: no numbers, times or colours, whether or not the lines are on the screen.
 *
 * @param shown which of them; all by default.
 * @returns `undefined` where it is too much for a clipboard.
 */
export function copyText(
  store: LogStore,
  from: number,
  to: number,
  shown: (line: number) => boolean = () => true,
): string | undefined {
  const lines: string[] = [];
  let length = 0;
  for (const { block, first } of store.blocks(from, to + 1)) {
    const end = Math.min(block.numbers.length, to + 1 - first);
    for (let index = Math.max(0, from - first); index < end; index += 1) {
      if (!shown(first + index)) continue;
      const text = withoutBidi(textOf(block, index));
      length += text.length + 1;
      if (length > MOST_COPIED) return undefined;
      lines.push(text);
    }
  }
  return lines.join("\n");
}
