/** The severity of a line. */
export type Severity = "error" | "warning" | "info" | "debug";

/** The names of levels, in upper case, that loggers write. */
const NAMES: Readonly<Record<Severity, string>> = {
  error: "ERROR ERR FATAL FTL CRITICAL CRIT SEVERE EMERG EMERGENCY ALERT",
  warning: "WARN WARNING WRN",
  info: "INFO INF INFORMATION NOTICE LOG",
  debug: "DEBUG DBG TRACE TRC VERBOSE VRB",
};

const SEVERITIES: ReadonlyMap<string, Severity> = new Map(
  (Object.entries(NAMES) as [Severity, string][]).flatMap(([severity, names]) =>
    names.split(" ").map((name): [string, Severity] => [name, severity]),
  ),
);

/** The severity of a level's name in capitals; `undefined` if it is no level. */
export function namedSeverity(name: string): Severity | undefined {
  return SEVERITIES.get(name);
}

/**
 * The severity of the value of a level's field: a name in any case, such as `err` or `PANIC`, or a number as pino and
 * bunyan write it (https://getpino.io/#/docs/api?id=logger-level).
 */
export function fieldSeverity(value: string): Severity | undefined {
  const number = Number(value);
  if (value !== "" && !Number.isNaN(number)) return numberedSeverity(number);
  const name = value.toUpperCase();
  return namedSeverity(name) ?? (name === "PANIC" || name === "DPANIC" || name === "FAIL" ? "error" : undefined);
}

function numberedSeverity(level: number): Severity | undefined {
  // Smaller numbers are of syslog or other scales, on which a lower number is more severe.
  if (level < 10 || level > 100) return undefined;
  if (level >= 50) return "error";
  if (level >= 40) return "warning";
  return level >= 30 ? "info" : "debug";
}
