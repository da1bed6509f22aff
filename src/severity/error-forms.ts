/** Words about errors that report none, such as `0 errors`, or that are flags. */
const HARMLESS = new RegExp(
  [
    "\\b(?:errors?|failures?|failed|fail|critical)[\"']?\\s*[=:]\\s*(?:0\\b|nil\\b|null\\b|none\\b|false\\b|<nil>)",
    "\\b(?:0|no) (?:errors?|failures?|failed|warnings?)\\b|[✗✖✘] 0\\b|--\\w*-?fail-?\\w*",
  ].join("|"),
  "gi",
);

const word = (words: string): string => `(?<![\\w-])(?:${words})(?![\\w-])`;
/** The beginning of a line's message: behind spaces, a time, or the place in a file that a compiler names. */
const OPENING = "^\\s*(?:\\d[\\d:.,TZ/+-]*\\s+){0,2}(?:[\\w./\\\\@-]+(?::\\d+|\\(\\d+,\\d+\\))+:\\s*)?";

/**
 * How programs write an error that state no level of the line: words on their own, and what test runners and tools
 * print. Each has its lines in `severity.test.ts`.
 */
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

/** What a line that states no level says of an error, a warning, or by a level's name anywhere in it. */
export const FORMS = [
  ["error", ERROR],
  ["warning", WARNING],
  ["info", INFO],
  ["debug", DEBUG],
] as const;

/** Without any of these, there is nothing to leave out. */
const MAY_BE_HARMLESS = /\b(?:0|[nN]o|NO) [\w]|[=:]\s*["']?(?:0\b|nil|null|none|false|<|N|F)|--\w|[✗✖✘] 0/;

/** The line without what only sounds like an error. */
export function withoutHarmless(line: string): string {
  return MAY_BE_HARMLESS.test(line) ? line.replace(HARMLESS, "") : line;
}
