/** The severity that a line claims. */
export type Severity = "error" | "warning" | "info" | "debug";

// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const STYLE = /\x1b\[[0-9:;]*m/g;
/** Red, of the 16 colours and of the 256 (https://en.wikipedia.org/wiki/ANSI_escape_code#Colors). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const RED = /\x1b\[(?:[0-9;]*;)?(?:31|91|38;5;(?:1|9|160|196))(?:;[0-9;]*)?m/;
/** Characters of a line to look at: a level stands near its beginning. */
const MAX_LOOKED_AT = 2_000;
/** Words about errors that report none, such as `0 errors`, or that are flags. */
const HARMLESS =
  /\b(?:errors?|failures?|failed|fail)["']?\s*[=:]\s*(?:0\b|nil\b|null\b|none\b|false\b|<nil>)|\b(?:0|no) (?:errors?|failures?|failed|warnings?)\b|--\w*-?fail-?\w*/gi;

const level = (names: string): string => `\\b(?:level|lvl|severity)["']?\\s*[=:]\\s*["']?(?:${names})`;
const word = (words: string): string => `(?<![\\w-])(?:${words})(?![\\w-])`;

/** How programs write a line's level: annotations of CI systems, klog, JSON and logfmt, words on their own. */
const LEVELS: readonly (readonly [Severity, RegExp])[] = [
  [
    "error",
    new RegExp(
      [
        "##\\[error\\]|::error|^[EF]\\d{4} ",
        level("err|fatal|crit|panic|ERR|FATAL|CRIT|PANIC"),
        word("ERROR|FATAL|CRITICAL|SEVERE|FAIL|FAILED|PANIC|panic:|Traceback|npm ERR!"),
        // The class of an exception: `AssertionError: expected 200`.
        "(?<![\\w-])[A-Z]\\w*(?:Error|Exception):|(?<![\\w.-])Error:",
      ].join("|"),
    ),
  ],
  ["warning", new RegExp(["##\\[warning\\]|::warning|^W\\d{4} ", level("warn|WARN"), word("WARN|WARNING")].join("|"))],
  ["info", new RegExp(["^I\\d{4} ", level("info|notice|INFO|NOTICE"), word("INFO|NOTICE")].join("|"))],
  ["debug", new RegExp([level("debug|trace|DEBUG|TRACE"), word("DEBUG|TRACE")].join("|"))],
];

/** A line's severity, and the part of the line that says so. */
export interface SeverityReason {
  readonly severity: Severity;
  /** The part of the line that says it; empty if only its red colour does. */
  readonly because: string;
}

/**
 * A line's highest severity, with the words that say it; `null` if it has none. A red line without a level is an error.
 */
export function explainSeverity(line: string): SeverityReason | null {
  const head = line.slice(0, MAX_LOOKED_AT);
  const text = head.replace(STYLE, "").replace(HARMLESS, "");
  for (const [severity, pattern] of LEVELS) {
    const because = pattern.exec(text)?.[0];
    if (because !== undefined) return { severity, because: because.trim() };
  }
  return RED.test(head) ? { severity: "error", because: "" } : null;
}

/** A line's severity; `null` if it has none: see `explainSeverity`. */
export function severityOf(line: string): Severity | null {
  return explainSeverity(line)?.severity ?? null;
}
