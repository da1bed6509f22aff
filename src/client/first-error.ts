import { ROBOT_FAILED, RULE } from "../severity/belonging.ts";
import { LineSeverities } from "../severity/line-severities.ts";
import { explainSeverity } from "../severity/severity.ts";
import { LINE_FEED } from "../stream/characters.ts";
import { hasControls, LineShower, showText } from "../stream/shown-line.ts";

/** What a line shows, with its number; 0 if unknown. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** The first line of a log whose severity is error, with the lines around it. */
export interface FirstError {
  readonly before: readonly NumberedLine[];
  readonly line: NumberedLine;
  readonly after: readonly NumberedLine[];
  /** What went wrong, in one line: see {@link errorWords}. */
  readonly words: string;
}

/** Finds the first error in a log as it arrives. */
export interface ErrorFinder {
  /** @param firstLine the number of the line in which the bytes begin. */
  push(bytes: Uint8Array, firstLine: number): void;
  /** Whether no more of the log is needed. */
  readonly done: boolean;
  /** `undefined` if there is none. */
  result(): FirstError | undefined;
  /** The last lines that were read. */
  last(): readonly NumberedLine[];
}

/** Longer lines are cut to this many bytes. */
const MAX_LINE_LENGTH = 4_096;
/** How many lines before an error are looked through for the name of its test. */
export const NAME_WITHIN = 200;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Creates a finder.
 *
 * @param around how many lines before and after the error to keep.
 * @param tail how many of the last lines to keep.
 */
export function createErrorFinder({ around, tail }: { readonly around: number; readonly tail: number }): ErrorFinder {
  const shower = new LineShower(MAX_LINE_LENGTH);
  const severities = new LineSeverities({ ignoresOthers: true });
  const kept = Math.max(around, tail, NAME_WITHIN);
  let isWithin = false;
  let number = 0;
  let recent: NumberedLine[] = [];
  let found: { before: readonly NumberedLine[]; line: NumberedLine; after: NumberedLine[] } | undefined;
  let name: string | undefined;

  const endPartial = (): void => {
    const { text, isRed } = shower.end();
    isWithin = false;
    endLine(DECODER.decode(text), isRed);
  };

  const endLine = (text: string, isRed: boolean): void => {
    const line = { number, text };
    if (number > 0) number += 1;
    if (found !== undefined) {
      if (found.after.length < around) found.after.push(line);
    } else if (severities.take(text, isRed).severity === "error") {
      found = { before: recent.slice(-around), line, after: [] };
      name = nameAbove(recent.map(({ text }) => text));
    }
    recent.push(line);
    if (recent.length > 2 * kept) recent = recent.slice(-kept);
  };

  return {
    push(bytes, firstLine) {
      if (!isWithin || number === 0) number = firstLine;
      let rest = bytes;
      if (isWithin) {
        const feed = bytes.indexOf(LINE_FEED);
        shower.take(feed === -1 ? bytes : bytes.subarray(0, feed));
        if (feed === -1) return;
        endPartial();
        rest = bytes.subarray(feed + 1);
      }
      const end = rest.lastIndexOf(LINE_FEED);
      if (end !== -1) {
        const lines = DECODER.decode(rest.subarray(0, end));
        const isPlain = !hasControls(lines);
        for (const line of lines.split("\n")) {
          const { text, isRed } = isPlain ? { text: line, isRed: false } : showText(line);
          endLine(text.slice(0, MAX_LINE_LENGTH), isRed);
        }
      }
      if (end + 1 === rest.length) return;
      shower.take(rest.subarray(end + 1));
      isWithin = true;
    },
    get done() {
      return found !== undefined && found.after.length >= Math.max(around, 1);
    },
    result() {
      if (isWithin) endPartial();
      if (found === undefined) return undefined;
      const { before, line, after } = found;
      return { before, line, after: after.slice(0, around), words: errorWords(line.text, after[0]?.text, name) };
    },
    last: () => recent.slice(-tail),
  };
}

/**
 * An error in one line: the line itself, and where that only says that it is an error, the next line too. Of a test of
 * Robot Framework, its name and its message: `Visitor redeems a voucher: expected HTTP 200, got HTTP 503`.
 *
 * @param next the line after it, if there is one.
 * @param name the name that `nameAbove` finds in the lines before it.
 */
export function errorWords(line: string, next: string | undefined, name?: string): string {
  const own = line.trim();
  const message = next === undefined || RULE.test(next) ? "" : next.trim();
  if (ROBOT_FAILED.test(own)) {
    const test = testName(own) || (name ?? "");
    if (test !== "" && message !== "") return `${test}: ${message}`;
    if (test !== "") return `${test} | FAIL |`;
  }
  const because = explainSeverity(own)?.because ?? "";
  if (message === "" || /[\p{L}\p{N}]/u.test(own.replace(because, ""))) return own;
  return `${own} ${message}`;
}

/**
 * The name of the test that Robot Framework runs, which stands below a rule: what the test writes itself comes between
 * its name and its result.
 *
 * @param before lines before the result, the last one last.
 */
export function nameAbove(before: readonly string[]): string | undefined {
  const rule = before.findLastIndex((line) => RULE.test(line));
  const name = testName(before[rule + 1] ?? "");
  return rule === -1 || name === "" ? undefined : name;
}

/** A test's name without its result, documentation, and what it wrote. */
function testName(line: string): string {
  return line
    .trim()
    .replace(/(?:^|\s+)(?:\| FAIL \||\[ *[A-Z]+ *\].*|\.{3,}).*$/, "")
    .replace(/ :: .*$|\s{4,}.*$/, "");
}
