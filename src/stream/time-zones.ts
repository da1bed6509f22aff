// Also runs in browsers: no node: imports and no Buffer.

const HOUR = 60;

/** Minutes east of UTC, by the abbreviations that mean one zone. */
const OFFSETS: Readonly<Record<string, number>> = {
  ...{ Z: 0, UTC: 0, GMT: 0, UT: 0, WET: 0, WEST: HOUR, CET: HOUR, CEST: 2 * HOUR, MET: HOUR, MEST: 2 * HOUR },
  ...{ EET: 2 * HOUR, EEST: 3 * HOUR, MSK: 3 * HOUR, SAST: 2 * HOUR, CAT: 2 * HOUR, WAT: HOUR, EAT: 3 * HOUR },
  ...{ EST: -5 * HOUR, EDT: -4 * HOUR, CDT: -5 * HOUR, MST: -7 * HOUR, MDT: -6 * HOUR, PST: -8 * HOUR },
  ...{ PDT: -7 * HOUR, AKST: -9 * HOUR, AKDT: -8 * HOUR, HST: -10 * HOUR, BRT: -3 * HOUR, NST: -210, NDT: -150 },
  ...{ PKT: 5 * HOUR, NPT: 345, ICT: 7 * HOUR, WIB: 7 * HOUR, HKT: 8 * HOUR, SGT: 8 * HOUR, JST: 9 * HOUR },
  ...{ KST: 9 * HOUR, AEST: 10 * HOUR, AEDT: 11 * HOUR, AWST: 8 * HOUR, ACST: 570, ACDT: 630 },
  ...{ NZST: 12 * HOUR, NZDT: 13 * HOUR },
};
/** Abbreviations of several zones: India, Ireland and Israel; China, Cuba and Central; Britain and Bangladesh; … */
const AMBIGUOUS = ["IST", "CST", "BST", "AST", "ADT", "GST", "AMT", "ECT", "PHT", "MYT"];

const ZONES: ReadonlyMap<string, number> = new Map([
  ...Object.entries(OFFSETS),
  ...AMBIGUOUS.map((name): [string, number] => [name, Number.NaN]),
]);
const LONGEST = 4;

const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const COLON = 0x3a;
const ZERO = 0x30;

/** A zone in a text. */
export interface Zone {
  /** Minutes east of UTC. NaN: it is one of several zones. */
  readonly offset: number;
  readonly end: number;
}

/**
 * Parses the zone behind a time of day, perhaps after a space: `Z`, `+01:00`, `+0100`, `+01`, `CEST`, `GMT+0100`. A
 * word that is no zone's name is the text behind a time without a zone.
 */
export function readZone(text: string, at: number): Zone | undefined {
  const start = text.charCodeAt(at) === SPACE ? at + 1 : at;
  const code = text.charCodeAt(start);
  if (code === PLUS || code === MINUS) return readOffset(text, start, start === at);
  if (!isCapital(code)) return undefined;
  let end = start + 1;
  while (isCapital(text.charCodeAt(end))) end += 1;
  if (end - start > LONGEST || isWord(text.charCodeAt(end))) return undefined;
  const name = text.slice(start, end);
  const offset = ZONES.get(name);
  if (offset === undefined) return undefined;
  return (name === "GMT" || name === "UTC" ? readOffset(text, end, true) : undefined) ?? { offset, end };
}

/** @param mayBeShort whether two digits are enough. */
function readOffset(text: string, at: number, mayBeShort: boolean): Zone | undefined {
  const sign = text.charCodeAt(at);
  if (sign !== PLUS && sign !== MINUS) return undefined;
  const hours = digits(text, at + 1, 2);
  if (hours < 0 || hours > 14) return undefined;
  let end = at + 3;
  const minutesAt = text.charCodeAt(end) === COLON ? end + 1 : end;
  let minutes = digits(text, minutesAt, 2);
  if (minutes >= 0) end = minutesAt + 2;
  else if (mayBeShort) minutes = 0;
  if (minutes < 0 || minutes > 59 || isWord(text.charCodeAt(end))) return undefined;
  // The end of a range: `10:00:05-10:00:07`.
  if (text.charCodeAt(end) === COLON && isDigit(text.charCodeAt(end + 1))) return undefined;
  const offset = hours * HOUR + minutes;
  return { offset: sign === MINUS ? -offset : offset, end };
}

/** The number that is written with so many digits at an offset; -1 if there are fewer. */
export function digits(text: string, at: number, count: number): number {
  let number = 0;
  for (let index = at; index < at + count; index += 1) {
    const code = text.charCodeAt(index);
    if (!isDigit(code)) return -1;
    number = number * 10 + code - ZERO;
  }
  return number;
}

export function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

export function isCapital(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

/** Whether a character continues a word: an ASCII letter or a digit. */
function isWord(code: number): boolean {
  return isDigit(code) || isCapital(code) || (code >= 0x61 && code <= 0x7a);
}
