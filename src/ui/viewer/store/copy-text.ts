import { withoutBidi } from "./invisible.ts";
import { textOf } from "./line-text.ts";
import { formatTime, type TimeFormat, timeOf } from "./line-time.ts";
import type { LogStore } from "./log-store.ts";
import { timeBefore } from "./time-before.ts";

/** More characters than these are too many for a clipboard. */
const MOST_COPIED = 32 * 1024 * 1024;

/** Which lines are copied: from one position up to and with another. */
export interface CopiedLines {
  readonly from: number;
  readonly to: number;
  /** Which of them; all by default. */
  readonly shown?: ((line: number) => boolean) | undefined;
}

/**
 * The text of lines: no numbers and no colours, whether or not the lines are on the screen.
 *
 * @param form what a line's text becomes. Default: itself.
 * @returns `undefined` where it is too much for a clipboard.
 */
export function copyText(
  store: LogStore,
  { from, to, shown = () => true }: CopiedLines,
  form: (text: string, line: number) => string = (text) => text,
): string | undefined {
  const lines: string[] = [];
  let length = 0;
  for (const { block, first } of store.blocks(from, to + 1)) {
    const end = Math.min(block.numbers.length, to + 1 - first);
    for (let index = Math.max(0, from - first); index < end; index += 1) {
      if (!shown(first + index)) continue;
      const text = form(withoutBidi(textOf(block, index)), first + index);
      length += text.length + 1;
      if (length > MOST_COPIED) return undefined;
      lines.push(text);
    }
  }
  return lines.join("\n");
}

/**
 * The text of lines, each behind its time as the view shows it, in columns. A time that is shown as it is written is
 * told in UTC.
 *
 * @returns `undefined` where it is too much for a clipboard.
 */
export function copyWithTimes(store: LogStore, lines: CopiedLines, format: TimeFormat): string | undefined {
  const isClock = format === "raw" || format === "utc";
  let width = 0;
  const timeAt = (text: string, line: number): readonly [time: string, rest: string] => {
    const time = timeOf(text);
    if (time === undefined) return ["", text];
    const words =
      isClock && time.dated
        ? new Date(time.ms).toISOString()
        : formatTime(time, isClock ? "utc" : format, timeBefore(store, line, format));
    return [words, text.slice(time.end)];
  };
  const once = copyText(store, lines, (text, line) => {
    width = Math.max(width, timeAt(text, line)[0].length);
    return "";
  });
  if (once === undefined || width === 0) return copyText(store, lines);
  return copyText(store, lines, (text, line) => {
    const [time, rest] = timeAt(text, line);
    return `${time.padEnd(width)}  ${rest}`;
  });
}

/**
 * Lines as Markdown: a link to them, and a block of code that nothing in them can end.
 *
 * @param title what the link says.
 */
export function asMarkdown(text: string, title: string, link: string): string {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [ticks]) => Math.max(most, ticks.length), 2);
  const fence = "`".repeat(longest + 1);
  const said = title.replaceAll(/[\\[\]`*_<>]/g, "\\$&").replaceAll("\n", " ");
  const target = link.replaceAll("<", "%3C").replaceAll(">", "%3E").replaceAll(/\s/g, "%20");
  return `[${said}](<${target}>)\n\n${fence}text\n${text}\n${fence}\n`;
}
