const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";

/**
 * What is another one each time that a job runs. The first form that fits is taken, so that the longer ones stand
 * first.
 */
const FORMS: readonly string[] = [
  // A day, perhaps with a time: 2026-03-12T14:03:55.102Z.
  String.raw`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?`,
  String.raw`\d{1,2}[/ -](?:${MONTHS})[/ -]\d{4}(?:[: ]\d\d:\d\d:\d\d)?(?: [+-]\d{4})?`,
  String.raw`(?<!:)\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?`,
  // A UUID, and what is named after it, as a Job after its run's.
  String.raw`[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?:[.-][\w-]+)*`,
  // A ULID.
  "[0-7][0-9a-hjkmnp-tv-z]{25}|[0-7][0-9A-HJKMNP-TV-Z]{25}",
  String.raw`\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?`,
  // 2m14s, 1h2m3.5s.
  String.raw`(?:\d+[dhm])+\d+(?:\.\d+)?m?s`,
  String.raw`\d+(?:[.,]\d+)?(?: ?(?:[nuµm]s|s|secs?|seconds?|mins?|minutes?|hours?)|[mhd])(?!\w)`,
  "0x[0-9a-fA-F]+",
  // A hash: letters and digits both.
  String.raw`(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,128}(?!\w)`,
  // Seconds since 1970 and the like. Shorter numbers mean something.
  String.raw`\d{9,}(?:\.\d+)?(?!\w)`,
];

/** klog's day, behind the letter of its level. */
const KLOG_DAY = String.raw`(?<=^[IWEF])\d{4}(?= \d\d:\d\d:\d\d)`;

// All forms begin with a digit, of base 16 too: most characters are done with at a look.
const VARYING = new RegExp(String.raw`(?=[\da-fA-F])(?:(?<![\w.])(?:${FORMS.join("|")})|${KLOG_DAY})`, "gm");

/** Stands for whatever varies. */
export const MASK = "\u{fffc}";

/**
 * Puts a sign in the place of what is another one each time that a job runs: times, durations, UUIDs, hashes,
 * addresses, long numbers. Short numbers stay, such as the code of an answer. No form goes over the end of a line.
 */
export function masked(text: string): string {
  return text.replace(VARYING, MASK);
}

/** Where a text has what {@link masked} masks. */
export function* varyingParts(text: string): Generator<readonly [start: number, end: number]> {
  for (const match of text.matchAll(VARYING)) yield [match.index, match.index + match[0].length];
}
