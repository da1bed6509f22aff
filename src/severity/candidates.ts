/**
 * Words of which every line with an error or a warning contains one, unless its beginning says it; see below. Three
 * patterns with few letters at each place are twice as fast as one: V8 skips as many characters as its shortest word
 * has, unless they are letters that some word has there.
 */
const WORDS: readonly string[] = [
  "[fF]atal|[cC]rit|[pP]anic|[sS]evere|[wW]arn|curl: \\(|\\[emerg",
  "ERR|FTL|WRN|FATAL|CRIT|PANIC|SEVERE|FAIL|WARN|EMERG|ALERT",
  "[eE]rr|Traceback|Exception",
];
/** Levels in JSON that are numbers or letters. */
const FIELDS: readonly [string, string] = ['evel"\\s*:\\s*[4-9]\\d', '"s"\\s*:\\s*"[EFW]'];
/**
 * How lines begin, behind blanks, that state a level by letters or a word in small ones, and what test runners begin
 * lines with.
 */
const OPENINGS = [
  "[EFW]\\d{4} |[EFWA]\\/|E {3}|(?:FATA|PANI)\\[|Failed |fail: |not ok",
  "\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d+ +\\d+ +\\d+ [EFWA] ",
].join("|");
const FIRST_OF_OPENINGS = bytesOf(..."EFWAP01fn");
/** Signs that begin a failed test's line: crosses, and Jest's disc. */
const SIGNS = "[\u2717\u2716\u2715\u2718\u00d7\u25cf]";

const ONE: readonly RegExp[] = [...WORDS, `^\\s*(?:${OPENINGS}|${SIGNS})`, ...FIELDS].map(
  (source) => new RegExp(source),
);

/** Whether a line may hold an error or a warning; if not, it is none. */
export function mayBeGrave(line: string): boolean {
  return ONE.some((pattern) => pattern.test(line));
}

const SPACE = 0x20;
const TAB = 0x09;
const DASH = 0x2d;
const ZERO = 0x30;
const ONE_DIGIT = 0x31;
/** The least byte that a sign begins with in UTF-8. */
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

/** Marks the lines that may hold an error or a warning with a 1, as `mayBeGrave` finds them one by one. */
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

/** Whether one of the signs stands at an offset, in UTF-8. */
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
    // This line is done.
    pattern.lastIndex = Math.max(match.index + 1, (offsets[line + 1] ?? 0) - 1);
  }
}

/** A table with a 1 for each of the bytes. */
function bytesOf(...bytes: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte.charCodeAt(0)] = 1;
  return table;
}
