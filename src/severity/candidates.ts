/**
 * Every line with an error or a warning contains one of these words, unless it begins with one of the openings below.
 * Three patterns with few letters at each position are twice as fast as one: V8 skips up to the length of the shortest
 * word, as long as it meets no letter that a word has at that position.
 */
const WORDS: readonly string[] = [
  "[fF]atal|[cC]rit|[pP]anic|[sS]evere|[wW]arn|curl: \\(|\\[emerg",
  "ERR|FTL|WRN|FATAL|CRIT|PANIC|SEVERE|FAIL|WARN|EMERG|ALERT",
  "[eE]rr|Traceback|Exception",
];
/** Levels in JSON that are numbers or single letters. */
const FIELDS: readonly [string, string] = ['evel"\\s*:\\s*[4-9]\\d', '"s"\\s*:\\s*"[EFW]'];
/** Beginnings of lines, after indentation: levels as single letters or in lower case, and marks of test runners. */
const OPENINGS = [
  "[EFW]\\d{4} |[EFWA]\\/|E {3}|(?:FATA|PANI)\\[|Failed |fail: |not ok",
  "\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d+ +\\d+ +\\d+ [EFWA] ",
].join("|");
const FIRST_OF_OPENINGS = bytesOf(..."EFWAP01fn");
/** Symbols at the beginning of a failed test's line: crosses, and Jest's bullet. */
const SIGNS = "[\u2717\u2716\u2715\u2718\u00d7\u25cf]";

const ONE: readonly RegExp[] = [...WORDS, `^\\s*(?:${OPENINGS}|${SIGNS})`, ...FIELDS].map(
  (source) => new RegExp(source),
);

/** Whether a line may be an error or a warning. If false, it is neither. */
export function mayBeErrorOrWarning(line: string): boolean {
  return ONE.some((pattern) => pattern.test(line));
}

const SPACE = 0x20;
const TAB = 0x09;
const DASH = 0x2d;
const ZERO = 0x30;
const ONE_DIGIT = 0x31;
/** The smallest first byte of a symbol in UTF-8. */
const FIRST_OF_SIGNS = 0xc3;
const WORDS_ANYWHERE = WORDS.map((words) => new RegExp(words, "g"));
const FIELDS_ANYWHERE = FIELDS.map((field) => new RegExp(field, "g"));
const OPENING_HERE = new RegExp(OPENINGS, "y");

/** Lines with their line feeds. */
export interface PackedLines {
  readonly text: Uint8Array;
  /** One character per byte, so that positions in it are those in the text. */
  readonly bytewise: string;
  /** Where each line begins; the last entry is the end of the last line. */
  readonly offsets: Uint32Array;
}

/** Sets the marks of those lines to 1 for which `mayBeErrorOrWarning` is true. */
export function markCandidates({ text, bytewise, offsets }: PackedLines, marks: Uint8Array): void {
  for (const words of WORDS_ANYWHERE) markMatches(words, bytewise, offsets, marks);
  for (let line = 0; line < marks.length; line += 1) {
    let at = offsets[line] ?? 0;
    while (text[at] === SPACE || text[at] === TAB) at += 1;
    const byte = text[at] ?? 0;
    if (byte >= FIRST_OF_SIGNS && isSign(text, at)) marks[line] = 1;
    else if (FIRST_OF_OPENINGS[byte] === 1) {
      // Most lines that begin with a digit begin with a time.
      if ((byte === ZERO || byte === ONE_DIGIT) && text[at + 2] !== DASH) continue;
      OPENING_HERE.lastIndex = at;
      if (OPENING_HERE.test(bytewise)) marks[line] = 1;
    }
  }
  if (!bytewise.includes('{"')) return;
  for (const field of FIELDS_ANYWHERE) markMatches(field, bytewise, offsets, marks);
}

/** Whether one of the symbols is at an offset, in UTF-8. */
function isSign(text: Uint8Array, at: number): boolean {
  if (text[at] === 0xc3) return text[at + 1] === 0x97;
  if (text[at] !== 0xe2) return false;
  const last = text[at + 2] ?? 0;
  return text[at + 1] === 0x9c ? last >= 0x95 && last <= 0x98 : text[at + 1] === 0x97 && last === 0x8f;
}

function markMatches(pattern: RegExp, bytewise: string, offsets: Uint32Array, marks: Uint8Array): void {
  let line = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(bytewise); match !== null; match = pattern.exec(bytewise)) {
    while ((offsets[line + 1] ?? 0) <= match.index) line += 1;
    marks[line] = 1;
    // One match marks the line: continue with the next.
    pattern.lastIndex = Math.max(match.index + 1, (offsets[line + 1] ?? 0) - 1);
  }
}

/** A table with a 1 for each of the bytes. */
function bytesOf(...bytes: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte.charCodeAt(0)] = 1;
  return table;
}
