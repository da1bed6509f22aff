import { type ClipboardEvent, useMemo } from "react";
import { writeClipboard } from "./clipboard.ts";
import { asMarkdown, type CopiedLines, copyText, copyWithTimes } from "./store/copy-text.ts";
import { type LineRange, rangeAt } from "./store/line-names.ts";
import type { TimeFormat } from "./store/line-time.ts";
import type { LogStore } from "./store/log-store.ts";
import type { ViewerText } from "./viewer-text.ts";

interface SelectionOptions {
  readonly store: LogStore;
  /** The lines that the address names. */
  readonly named: LineRange | undefined;
  /** The line that keys act on; -1: none. */
  readonly current: number;
  /** Which lines have rows; `undefined`: all. */
  readonly shown: ((line: number) => boolean) | undefined;
  readonly onLines: (lines: LineRange | undefined) => void;
  readonly onTouch: () => void;
  readonly say: (words: string) => void;
  readonly linkTo: ((lines: LineRange | undefined) => string) | undefined;
  /** The format of times. */
  readonly time: TimeFormat;
  /** The log's name. */
  readonly label: string;
  readonly text: ViewerText;
}

/** The selected lines, by position, and what can be done with them. */
export interface Selection {
  readonly selected: readonly [from: number, to: number] | undefined;
  select(from: number, to: number): void;
  /** Extends the selection to a line; selects that line if there is no selection. */
  extendTo(line: number): void;
  copyLines(): Promise<void>;
  /** Copies the lines with the times that the view shows. */
  copyTimes(): Promise<void>;
  /** Copies the lines as Markdown with a link. */
  copyMarkdown(): Promise<void>;
  /** Copies a link to the selected lines, or to the log. */
  copyLink(): Promise<void>;
  onCopy(event: ClipboardEvent): void;
}

const COUNT = new Intl.NumberFormat("en");

export function useSelection(options: SelectionOptions): Selection {
  const { store, named, current, shown, onLines, onTouch, say, linkTo, time, label, text } = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: its lines may still arrive.
  const selected = useMemo((): readonly [from: number, to: number] | undefined => {
    if (named === undefined) return undefined;
    const from = store.positionOf(named.first);
    return from === -1 ? undefined : [from, Math.max(from, store.positionOf(named.last))];
  }, [store, named?.first, named?.last, store.lines]);
  const select = (from: number, to: number): void => {
    onTouch();
    onLines(rangeAt(store, from, to));
  };
  const linkOf = (range: LineRange | undefined): string => linkTo?.(range) ?? defaultLink(range);
  const copy = async (form: (lines: CopiedLines) => string | undefined): Promise<void> => {
    const [from, to] = selected ?? [current, current];
    if (from < 0) return;
    const copied = form({ from, to, shown });
    if (copied === undefined) {
      say(text.tooMuch);
      return;
    }
    say((await writeClipboard(copied)) ? text.copied(COUNT.format(shownLines(from, to, shown))) : text.notCopied);
  };
  return {
    selected,
    select,
    extendTo(line) {
      if (selected === undefined) select(line, line);
      else select(Math.min(selected[0], line), line < selected[0] ? selected[1] : line);
    },
    copyLines: () => copy((lines) => copyText(store, lines)),
    copyTimes: () => copy((lines) => copyWithTimes(store, lines, time)),
    copyMarkdown: () =>
      copy((lines) => {
        const plain = copyText(store, lines);
        const range = rangeAt(store, lines.from, lines.to);
        if (plain === undefined || range === undefined) return plain;
        const name = `${label}, L${range.first}${range.last > range.first ? `-L${range.last}` : ""}`;
        return asMarkdown(plain, name, linkOf(range));
      }),
    async copyLink() {
      const range = selected && rangeAt(store, ...selected);
      say((await writeClipboard(linkOf(range))) ? text.copiedLink : text.notCopied);
    },
    onCopy(event) {
      const own = document.getSelection();
      const copied =
        own?.isCollapsed === false
          ? own.toString()
          : selected && copyText(store, { from: selected[0], to: selected[1], shown });
      if (copied === undefined) return;
      // Plain text only: no colours, and no HTML for a mail program to run.
      event.clipboardData.setData("text/plain", copied);
      event.preventDefault();
    },
  };
}

function shownLines(from: number, to: number, shown: ((line: number) => boolean) | undefined): number {
  if (shown === undefined) return to - from + 1;
  let count = 0;
  for (let line = from; line <= to; line += 1) if (shown(line)) count += 1;
  return count;
}

/** The address of the page, with lines in its hash. */
export function defaultLink(range: LineRange | undefined): string {
  const { href } = window.location;
  if (range === undefined) return href;
  const end = range.last > range.first ? `-L${range.last}` : "";
  const hash = range.hash === undefined ? "" : `&h=${range.hash}`;
  return `${href.replace(/#.*$/, "")}#L${range.first}${end}${hash}`;
}
