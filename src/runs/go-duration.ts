const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
/** Go counts nanoseconds in 63 bits. */
const MAX_MS = 2 ** 63 / 1e6;
// No two parts of this pattern match the same digits, so it never backtracks over them.
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
/** Go prints durations in at most 25 characters. */
const MAX_LENGTH = 64;

/**
 * Parses a duration in Go's format, which Argo Rollouts uses: `1h30m`, `90s`, `1.5h`
 * (https://pkg.go.dev/time#ParseDuration).
 *
 * @returns milliseconds; `undefined` if it is invalid, negative, too long for Go, or longer than 64 characters.
 */
export function parseGoDuration(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const body = text.replace(/^\+/, "");
  if (body === "0") return 0;
  let ms = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length || body === "") {
    const [, count = "", unit = ""] = PART.exec(body) ?? [];
    if (unit === "") return undefined;
    ms += Number(count) * (UNIT_MS[unit] ?? 0);
  }
  return ms <= MAX_MS ? ms : undefined;
}
