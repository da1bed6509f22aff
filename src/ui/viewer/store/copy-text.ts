import { withoutBidi } from "./invisible.ts";
import { textOf } from "./line-text.ts";
import { formatTime, type TimeFormat, timeOf } from "./line-time.ts";
import type { LogStore } from "./log-store.ts";
import { timeBefore } from "./time-before.ts";

/** More characters are too much for a clipboard. */
const MAX_COPIED = 32 * 1024 * 1024;

/** Which lines to copy: from one position to another, inclusive. */
export interface CopiedLines {
  readonly from: number;
  readonly to: number;
  /** Which of them. Default: all. */
  readonly shown?: ((line: number) => boolean) | undefined;
}

/**
 * The text of lines, without numbers and colours, whether or not they are on the screen.
 *
 * @param form transforms a line's text. Default: none.
 * @returns `undefined` if it is too much for a clipboard.
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
      if (length > MAX_COPIED) return undefined;
      lines.push(text);
    }
  }
  return lines.join("\n");
}

/**
 * The text of lines, each after its time in the view's format, aligned. Times shown as written are copied in UTC.
 *
 * @returns `undefined` if it is too much for a clipboard.
 */
export function copyWithTimes(store: LogStore, lines: CopiedLines, format: TimeFormat): string | undefined {
  const isClock = format === "raw" || format === "utc";
  let width = 0;
  const timeAt = (text: string, line: number): readonly [time: string, rest: string] => {
    const time = timeOf(text, store.latest);
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
 * Lines as Markdown: a link to them, and a code block that their content cannot end.
 *
 * @param title the link's text.
 */
export function asMarkdown(text: string, title: string, link: string): string {
  const longest = [...text.matchAll(/`+/g)].reduce((max, [ticks]) => Math.max(max, ticks.length), 2);
  const fence = "`".repeat(longest + 1);
  const said = title.replaceAll(/[\\[\]`*_<>]/g, "\\$&").replaceAll("\n", " ");
  const target = link.replaceAll("<", "%3C").replaceAll(">", "%3E").replaceAll(/\s/g, "%20");
  return `[${said}](<${target}>)\n\n${fence}text\n${text}\n${fence}\n`;
}
