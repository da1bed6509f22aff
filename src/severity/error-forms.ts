/** Phrases that mention errors but report none: `0 errors`, `error=nil`, flags such as `--fail`. */
const HARMLESS = new RegExp(
  [
    "\\b(?:errors?|failures?|failed|fail|critical)[\"']?\\s*[=:]\\s*(?:0\\b|nil\\b|null\\b|none\\b|false\\b|<nil>)",
    "\\b(?:0|no) (?:errors?|failures?|failed|warnings?)\\b|[✗✖✘] 0\\b|--\\w*-?fail-?\\w*",
  ].join("|"),
  "gi",
);

const word = (words: string): string => `(?<![\\w-])(?:${words})(?![\\w-])`;
/** What may precede a line's message: indentation, a time, a compiler's file and line. */
const OPENING = "^\\s*(?:\\d[\\d:.,TZ/+-]*\\s+){0,2}(?:[\\w./\\\\@-]+(?::\\d+|\\(\\d+,\\d+\\))+:\\s*)?";

/** Errors in lines without a level: single words, and the output of test runners and tools. See `severity.test.ts`. */
const ERROR = new RegExp(
  [
    word("ERROR|FATAL|CRITICAL|SEVERE|FAIL|FAILED|PANIC|panic:|Traceback"),
    // The class of an exception: `AssertionError: expected 200`, `AssertionError [ERR_ASSERTION]: 503 == 200`.
    "(?<![\\w-])[A-Z]\\w*(?:Error|Exception)(?: \\[\\w+\\])?:|(?<![\\w.-])Error:",
    "^(?:[a-z]\\w*\\.)*[A-Z]\\w*(?:Error|Exception)$",
    `${OPENING}(?:\\w+: )?(?:[Ee]rror|ERROR|[Ff]atal|FATAL)(?: [A-Z]+\\d+)?(?:\\[\\w+\\])?:`,
    // TAP, except for tests that are known to fail.
    "^\\s*not ok\\b(?!.*#\\s*(?:TODO|SKIP|todo|skip)\\b)",
    "curl: \\(\\d+\\)",
    "^thread '.*?' (?:\\(\\d+\\) )?panicked at ",
    // k6, node, mocha, vitest; Jest.
    "^\\s*[✗✖✕✘×] +(?=\\S)|^\\s*● .+ › ",
    // pytest.
    "^E {3,}\\S",
    // .NET's tests; Gradle.
    "^\\s*Failed \\S.* \\[<? ?\\d|^FAILURE: ",
  ].join("|"),
);
const WARNING = new RegExp(`${word("WARN|WARNING")}|${OPENING}[Ww]arning(?:\\[\\w+\\])?:`);
const INFO = new RegExp(word("INFO|NOTICE"));
const DEBUG = new RegExp(word("DEBUG|TRACE"));

/** Patterns for lines without a level, most severe first. */
export const FORMS = [
  ["error", ERROR],
  ["warning", WARNING],
  ["info", INFO],
  ["debug", DEBUG],
] as const;

/** A line without any of these contains no such phrase. */
const MAY_BE_HARMLESS = /\b(?:0|[nN]o|NO) [\w]|[=:]\s*["']?(?:0\b|nil|null|none|false|<|N|F)|--\w|[✗✖✘] 0/;

/** Removes phrases that mention errors but report none. */
export function withoutHarmless(line: string): string {
  return MAY_BE_HARMLESS.test(line) ? line.replace(HARMLESS, "") : line;
}
