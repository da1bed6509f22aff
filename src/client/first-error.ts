import { explainSeverity, severityOf } from "./severity.ts";

/** A line with its number; 0 if unknown. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** The first line of a log whose severity is error, with the lines around it. */
export interface FirstError {
  readonly before: readonly NumberedLine[];
  readonly line: NumberedLine;
  readonly after: readonly NumberedLine[];
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

/** Longer lines are cut to this many characters. */
const MAX_LINE_LENGTH = 4_096;

/**
 * Creates a finder.
 *
 * @param around how many lines before and after the error to keep.
 * @param tail how many of the last lines to keep.
 */
export function createErrorFinder({ around, tail }: { readonly around: number; readonly tail: number }): ErrorFinder {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let held = "";
  let number = 0;
  let recent: NumberedLine[] = [];
  let found: { before: readonly NumberedLine[]; line: NumberedLine; after: NumberedLine[] } | undefined;

  const take = (text: string): void => {
    const line = { number, text: text.slice(0, MAX_LINE_LENGTH) };
    if (number > 0) number += 1;
    if (found !== undefined) {
      if (found.after.length < around) found.after.push(line);
    } else if (severityOf(line.text) === "error") {
      found = { before: recent.slice(-around), line, after: [] };
    }
    recent.push(line);
    if (recent.length > 2 * Math.max(around, tail)) recent = recent.slice(-Math.max(around, tail));
  };

  return {
    push(bytes, firstLine) {
      if (held === "" || number === 0) number = firstLine;
      const lines = (held + decoder.decode(bytes, { stream: true })).split("\n");
      held = (lines.pop() ?? "").slice(0, MAX_LINE_LENGTH);
      for (const line of lines) take(line);
    },
    get done() {
      return found !== undefined && found.after.length >= around;
    },
    result() {
      if (held !== "") {
        take(held);
        held = "";
      }
      return found;
    },
    last: () => recent.slice(-tail),
  };
}

/**
 * An error in one line: the line itself, and where that only says that it is an error (Robot Framework's `| FAIL |`),
 * the next line too.
 *
 * @param next the line after it, if there is one.
 */
export function errorWords(line: string, next: string | undefined): string {
  const own = line.trim();
  const because = explainSeverity(own)?.because ?? "";
  if (next === undefined || /[\p{L}\p{N}]/u.test(own.replace(because, ""))) return own;
  return `${own} ${next.trim()}`.trim();
}
