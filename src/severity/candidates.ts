/**
 * Words of which every line with an error or a warning contains one, unless its beginning says it; see below. Two
 * patterns, since the first characters of many words make one slow.
 */
const WORDS: readonly [string, string] = [
  "err|ERR|Err|fatal|FATAL|crit|CRIT|panic|PANIC|SEVERE|FAIL|Traceback|Exception|warn|WARN",
  "Fatal|Crit|Panic|[Ss]evere|Warn|EMERG|ALERT|\\[emerg|curl: \\(",
];
/** Levels in JSON that are numbers or letters. */
const FIELDS: readonly [string, string] = ['evel"\\s*:\\s*[4-9]\\d', '"s"\\s*:\\s*"[EFW]'];
/**
 * How lines begin, behind blanks, that state a level by letters or a word in small ones, and what test runners begin
 * lines with.
 */
const OPENINGS = [
  "[EFW]\\d{4} |[EFWA]\\/|E {3}|(?:FATA|PANI)\\[|Failed |fail: |not ok",
  "(?:\\d{4}-)?\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d+ +\\d+ +\\d+ [EFWA] |\\[[\\d:. T-]+ (?:FTL|WRN)\\b",
].join("|");
const FIRST_OF_OPENINGS: ReadonlySet<number> = new Set([..."EFWA012P[fn"].map((char) => char.charCodeAt(0)));
/** Signs that begin a failed test's line, and the bytes that they begin with in UTF-8. */
const SIGNS = "[\u2717\u2716\u2715\u2718\u00d7\u25cf]";
const FIRST_OF_SIGNS: ReadonlySet<number> = new Set([0xc3, 0xe2]);

const ONE: readonly RegExp[] = [...WORDS, `^\\s*(?:${OPENINGS}|${SIGNS})`, ...FIELDS].map(
  (source) => new RegExp(source),
);

/** Whether a line may hold an error or a warning; if not, it is none. */
export function mayBeGrave(line: string): boolean {
  return ONE.some((pattern) => pattern.test(line));
}

const SPACE = 0x20;
const TAB = 0x09;
const BRACE = 0x7b;
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
  let hasJson = false;
  for (let line = 0; line < marks.length; line += 1) {
    let at = offsets[line] ?? 0;
    while (text[at] === SPACE || text[at] === TAB) at += 1;
    const byte = text[at] ?? 0;
    if (byte === BRACE) hasJson = true;
    else if (FIRST_OF_SIGNS.has(byte)) marks[line] = 1;
    else if (FIRST_OF_OPENINGS.has(byte)) {
      OPENING_HERE.lastIndex = at;
      if (OPENING_HERE.test(bytewise)) marks[line] = 1;
    }
  }
  if (hasJson) for (const field of FIELDS_ANYWHERE) markMatches(field, bytewise, offsets, marks);
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
