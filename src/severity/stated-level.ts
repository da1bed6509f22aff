import { withoutHarmless } from "./error-forms.ts";
import { jsonLevel } from "./json-level.ts";
import { fieldSeverity, namedSeverity, type Severity } from "./level-names.ts";

/** The level of a line, and the part of the line that states it. */
export interface StatedLevel {
  /** `null`: the line reports that something passed. */
  readonly severity: Severity | null;
  readonly because: string;
}

/** Formats with a level at the beginning of a line, as a letter or with names of their own. */
const OPENINGS: readonly RegExp[] = [
  // klog: https://github.com/kubernetes/klog
  /^([IWEF])\d{4} /,
  // Android: threadtime and brief.
  /^\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +\d+ +\d+ ([VDIWEFA]) /,
  /^([VDIWEFA])\/[\w.$-]+ *\( *\d+\): /,
  // .NET's console, and logrus on a terminal.
  /^(trce|dbug|info|warn|fail|crit): [\w.`]+\[-?\d+\]/,
  /^(ERRO|FATA|PANI|WARN|INFO|DEBU|TRAC)\[\d+\]/,
  // Annotations of CI systems, perhaps behind a time.
  /^(?:\d\S* )?(?:##\[(error|warning|debug)\]|::(error|warning|notice|debug)[ :])/,
  /^npm (ERR!|error|WARN|warn|notice)(?= |$)/,
];

const OPENING_NAMES: Readonly<Record<string, Severity>> = {
  ...{ E: "error", F: "error", A: "error", W: "warning", I: "info", D: "debug", V: "debug" },
  ...{ fail: "error", crit: "error", warn: "warning", info: "info", dbug: "debug", trce: "debug" },
  ...{ ERRO: "error", FATA: "error", PANI: "error", DEBU: "debug", TRAC: "debug", INFO: "info" },
  ...{ error: "error", warning: "warning", notice: "info", debug: "debug", "ERR!": "error", WARN: "warning" },
};

/** Lines of test runners which report that something passed, whatever its name is. */
const PASSED = new RegExp(
  [
    "^\\s*(?:ok \\d+\\b|[✓✔√] |--- PASS: |=== (?:RUN|PAUSE|CONT) |PASS(?:ED)?\\b[ \\t:])",
    "^test \\S+ \\.\\.\\. ok$|\\| PASS \\|\\s*$|\\sPASSED(?:\\s+\\[ *\\d+%\\])?\\s*$",
  ].join("|"),
);

/** Fields of logfmt, and quoted strings, so that no field is found inside one. */
const LOGFMT = /"(?:[^"\\]|\\.)*"|(?<![^\s,|])(?:level|lvl|severity|loglevel)=("?)([\w!]+)\1(?![\w=-])/gi;
const HAS_LOGFMT = /(?:level|lvl|severity)=/i;

/** How many characters may precede the level. */
const MAX_BEFORE = 200;
const MAX_TOKENS = 12;
const TOKEN = /[^\s|]+/g;
const PUNCTUATION = /^[[\](){}<>"',;:.!*#=~-]+|[[\](){}<>"',;:.!*#=~-]+$/g;
/** What may precede a level: numbers and times, words in brackets, names of loggers, hosts and zones. */
const BEFORE = /\d|^[[(<"]|[\])>":,]$|^[^\p{L}]+$|[./\\@$]|^\p{Lu}{2,12}$/u;
const DAY_OR_MONTH = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)$/;
/** What may be between a time and a level: a zone, a process number. */
const BESIDE_TIME = /^(?:\p{Lu}{2,5}|[[(<]\S*|\S*[\])>]|[\d.:,-]+)$/u;

/**
 * The most common layout: a name in capitals after times, numbers and words in brackets. `leadingLevel` finds the same,
 * but is slower.
 */
const USUAL = new RegExp(
  [
    "^(?:\\[?[\\d:.,TZ+/_-]+\\]?\\s+|\\[(?:main|(?=[^\\]\\d]*\\d)[\\w.:/-]+)\\]\\s*){0,4}[[(<]?\\s*",
    "(ERROR|WARN|WARNING|INFO|DEBUG|FATAL|TRACE|SEVERE|NOTICE|CRITICAL)(?=[\\s\\])>,]|:(?!\\s*0\\b)|$)",
  ].join(""),
);

/** The level of a line; `undefined` if it has none. */
export function statedLevel(line: string): StatedLevel | undefined {
  return fieldOrFormat(line) ?? leadingLevel(withoutHarmless(line));
}

/** The level in a field or in a logger's format; or `null` as the severity because something passed. */
function fieldOrFormat(line: string): StatedLevel | undefined {
  const usual = USUAL.exec(line)?.[1];
  const severity = usual === undefined ? undefined : namedSeverity(usual);
  if (usual !== undefined && severity !== undefined) return { severity, because: usual };
  const brace = line.indexOf("{");
  if (brace !== -1 && brace < MAX_BEFORE && /^\s*"/.test(line.slice(brace + 1, brace + 20))) {
    const found = startsJson(line, brace) ? jsonLevel(line, brace) : undefined;
    if (found !== undefined) return found;
  }
  for (const opening of OPENINGS) {
    const match = opening.exec(line);
    const name = match?.[1] ?? match?.[2];
    const severity = name === undefined ? undefined : OPENING_NAMES[name];
    if (severity !== undefined) return { severity, because: match?.[0].trim() ?? "" };
  }
  return logfmtLevel(line) ?? passed(line);
}

/** Whether the text before a JSON object contains no string: it is a time, a name or a tag. */
function startsJson(line: string, brace: number): boolean {
  return brace === 0 || !line.slice(0, brace).includes('"');
}

function logfmtLevel(line: string): StatedLevel | undefined {
  if (!HAS_LOGFMT.test(line)) return undefined;
  LOGFMT.lastIndex = 0;
  for (let match = LOGFMT.exec(line); match !== null; match = LOGFMT.exec(line)) {
    const severity = match[2] === undefined ? undefined : fieldSeverity(match[2]);
    if (severity !== undefined) return { severity, because: match[0] };
  }
  return undefined;
}

function passed(line: string): StatedLevel | undefined {
  return PASSED.test(line) ? { severity: null, because: "" } : undefined;
}

/**
 * The level before a line's message: a name in capitals, such as `10:00:01 INFO main - text`, or in any case in
 * brackets or behind a time.
 */
function leadingLevel(line: string): StatedLevel | undefined {
  const head = line.slice(0, MAX_BEFORE);
  let wordsLeft = 0;
  let isAfterTime = false;
  TOKEN.lastIndex = 0;
  for (let count = 0; count < MAX_TOKENS; count += 1) {
    const match = TOKEN.exec(head);
    if (match === null) return undefined;
    const [token] = match;
    const after = head.slice(TOKEN.lastIndex, TOKEN.lastIndex + 3);
    // Python writes `ERROR:root:text`.
    const bare = token.replace(PUNCTUATION, "").replace(/:.*$/, "");
    const named = namedSeverity(bare);
    if (named !== undefined && bare !== "LOG") return { severity: named, because: bare };
    const any = named ?? namedSeverity(bare.toUpperCase());
    if (any !== undefined && isSetOff(token, bare, head.slice(0, match.index), after, isAfterTime, count))
      return { severity: any, because: token };
    const isBefore = BEFORE.test(token) || DAY_OR_MONTH.test(token) || /^ *\||^ [-:] /.test(after);
    if (!isBefore) {
      // The host in a line of syslog.
      if (!isAfterTime || wordsLeft > 0) return undefined;
      wordsLeft += 1;
    }
    isAfterTime = /\d:\d\d/.test(token) || (isAfterTime && BESIDE_TIME.test(token));
  }
  return undefined;
}

/** Whether the name of a level that is not in capitals is set off from the message: in brackets, or by a tab. */
function isSetOff(
  token: string,
  bare: string,
  before: string,
  after: string,
  isAfterTime: boolean,
  count: number,
): boolean {
  const opened = /^[[(<]/.test(token) || /[[(<]\s*$/.test(before);
  const closed = token.length > bare.length && /[\])>]/.test(token.slice(-2));
  if (opened && (closed || /^\s*[\])>]/.test(after))) return true;
  if (bare !== token && token !== `${bare}:`) return false;
  if (token === `${bare}:`) return count === 0 || isAfterTime;
  return isAfterTime && /^(?:\t| {2}| ?\|| - )/.test(after);
}
