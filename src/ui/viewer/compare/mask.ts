const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";

/** Forms of text that vary from run to run. The first match counts, so longer forms come first. */
const FORMS: readonly string[] = [
  // A date, optionally with a time: 2026-03-12T14:03:55.102Z.
  String.raw`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?`,
  String.raw`\d{1,2}[/ -](?:${MONTHS})[/ -]\d{4}(?:[: ]\d\d:\d\d:\d\d)?(?: [+-]\d{4})?`,
  String.raw`(?<!:)\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?`,
  // A UUID, and names derived from it, such as a Job's.
  String.raw`[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?:[.-][\w-]+)*`,
  // A ULID.
  "[0-7][0-9a-hjkmnp-tv-z]{25}|[0-7][0-9A-HJKMNP-TV-Z]{25}",
  String.raw`\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?`,
  // 2m14s, 1h2m3.5s.
  String.raw`(?:\d+[dhm])+\d+(?:\.\d+)?m?s`,
  String.raw`\d+(?:[.,]\d+)?(?: ?(?:[nuµm]s|s|secs?|seconds?|mins?|minutes?|hours?)|[mhd])(?!\w)`,
  "0x[0-9a-fA-F]+",
  // A hash, with both letters and digits.
  String.raw`(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,128}(?!\w)`,
  // Seconds since 1970 and similar. Shorter numbers are significant.
  String.raw`\d{9,}(?:\.\d+)?(?!\w)`,
];

/** klog's date, after the letter of its level. */
const KLOG_DAY = String.raw`(?<=^[IWEF])\d{4}(?= \d\d:\d\d:\d\d)`;

// All forms begin with a decimal or hexadecimal digit, which rules out most characters quickly.
const VARYING = new RegExp(String.raw`(?=[\da-fA-F])(?:(?<![\w.])(?:${FORMS.join("|")})|${KLOG_DAY})`, "gm");

/** Replaces the varying parts. */
export const MASK = "\u{fffc}";

/**
 * Replaces what varies from run to run: times, durations, UUIDs, hashes, addresses, long numbers. Short numbers stay,
 * such as status codes. No form spans lines.
 */
export function masked(text: string): string {
  return text.replace(VARYING, MASK);
}

/** The parts of a text that {@link masked} masks. */
export function* varyingParts(text: string): Generator<readonly [start: number, end: number]> {
  for (const match of text.matchAll(VARYING)) yield [match.index, match.index + match[0].length];
}
