// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const STYLE = /\x1b\[[0-9:;]*m/g;
/** What stands later in a line is its text, not its level. */
const LOOKED_AT = 2_000;

/** How programs say a line's level: annotations of CI systems, klog, JSON and logfmt, words in capitals that stand alone. */
const LEVELS: readonly (readonly [string, RegExp])[] = [
  [
    "error",
    /##\[error\]|::error|^[EF]\d{4} |\b(?:level|lvl|severity)["']?\s*[=:]\s*["']?(?:err|fatal|crit|panic|ERR|FATAL|CRIT|PANIC)|(?<![\w-])(?:ERROR|FATAL|CRITICAL|SEVERE|FAIL|FAILED|PANIC|panic:|Traceback|npm ERR!)(?![\w-])/,
  ],
  [
    "warning",
    /##\[warning\]|::warning|^W\d{4} |\b(?:level|lvl|severity)["']?\s*[=:]\s*["']?(?:warn|WARN)|(?<![\w-])(?:WARN|WARNING)(?![\w-])/,
  ],
  [
    "info",
    /^I\d{4} |\b(?:level|lvl|severity)["']?\s*[=:]\s*["']?(?:info|notice|INFO|NOTICE)|(?<![\w-])(?:INFO|NOTICE)(?![\w-])/,
  ],
  [
    "debug",
    /\b(?:level|lvl|severity)["']?\s*[=:]\s*["']?(?:debug|trace|DEBUG|TRACE)|(?<![\w-])(?:DEBUG|TRACE)(?![\w-])/,
  ],
];

/** The level that a line says it has, `error`, `warning`, `info` or `debug`; `null` where it says none. The gravest counts. */
export function severityOf(line: string): string | null {
  const text = line.slice(0, LOOKED_AT).replace(STYLE, "");
  return LEVELS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}
