/** What the parts of a log are sorted by. */
interface PartOrder {
  /** Milliseconds since 1970; 0 if the key has no time. */
  readonly time: number;
  /** The number of the part; 0 if the key has none. */
  readonly number: number;
}

/** A complete run of digits that is a time since 1970, in seconds or milliseconds: from 2001 to 2286. */
const EPOCH = /(?<![0-9A-Za-z])(?:[1-9]\d{9}|[1-9]\d{12})(?![0-9A-Za-z])/;
/** A date whose digits are one number, with as much of a time as follows in it, or with a whole time behind it. */
const COMPACT =
  /(?<!\d)(20\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])(?:[-_T]([01]\d|2[0-3])([0-5]\d)([0-5]\d)|([01]\d|2[0-3])?([0-5]\d)?([0-5]\d)?)(?!\d)/;
/** A date, also as folders of a table: `year=2026/month=11/day=30`. */
const DATE = /(?<!\d)(20\d\d)([-/_.])(?:[a-z]+=)?(0[1-9]|1[0-2])\2(?:[a-z]+=)?([0-2]\d|3[01])(?!\d)/;
/** The time behind it. A last number may be that of the part, unless it is the third. */
const TIME = [
  /^[-/_.T ](?:[a-z]+=)?([01]\d|2[0-3])[-/_.:](?:[a-z]+=)?([0-5]\d)[-/_.:](?:[a-z]+=)?([0-5]\d)(?!\d)/,
  /^[-/_.T ](?:[a-z]+=)?([01]\d|2[0-3])[-/_.:](?:[a-z]+=)?([0-5]\d)(?=[-/_][0-9A-Za-z])/,
  /^[-/_.T ](?:[a-z]+=)?([01]\d|2[0-3])(?=[-/_][0-9A-Za-z])/,
];
/** The last number before the extensions: `_12.gz`, `part-00012.log.gz`. */
const NUMBER = /(?:^|[^0-9A-Za-z])(?:part|chunk|index|seq)?(\d{1,9})(?:\.[A-Za-z][A-Za-z0-9]*)*$/;

const byText = new Intl.Collator("en", { numeric: true, caseFirst: "upper" });

/**
 * Sorts the keys of a log's parts into the order of their lines: by the time in the key, the part's number, and the key
 * itself, in which numbers count as numbers. Shippers write one of these:
 *
 * - fluent-bit: `fluent-bit-logs/TAG/2026/11/30/10/04/36-objectAb12Cd34`
 * - fluentd: `logs/2026113010_0.gz`
 * - Vector: `date=2026-11-30/1764497076-UUID.log.gz`
 *
 * @param prefix what all keys begin with. It may have numbers of its own, which mean nothing.
 */
export function sortParts<T extends { readonly key: string }>(parts: readonly T[], prefix: string): T[] {
  return parts
    .map((part) => ({ part, ...orderOf(part.key, prefix) }))
    .sort((a, b) => a.time - b.time || a.number - b.number || compareKeys(a.part.key, b.part.key))
    .map(({ part }) => part);
}

function orderOf(key: string, prefix: string): PartOrder {
  const own = key.slice(prefix.length);
  const number = Number(NUMBER.exec(own)?.[1] ?? 0);
  const [epoch] = EPOCH.exec(own) ?? [];
  // A date may have ten digits, too: 2026113010. As a time since 1970, it would be in 2034.
  const date = readDate(own) ?? readDate(key);
  if (epoch !== undefined && (date === undefined || !own.includes(compact(date, epoch.length)))) {
    return { time: Number(epoch) * (epoch.length === 10 ? 1_000 : 1), number };
  }
  return { time: date ?? 0, number };
}

function readDate(text: string): number | undefined {
  const [, year, month, day, ...clock] = COMPACT.exec(text) ?? [];
  if (year !== undefined) return utc([year, month, day, ...clock.filter((each) => each !== undefined)]);
  const date = DATE.exec(text);
  if (date === null) return undefined;
  const rest = text.slice(date.index + date[0].length);
  const time = TIME.map((each) => each.exec(rest)).find((each) => each !== null);
  return utc([date[1], date[3], date[4], ...(time?.slice(1) ?? [])]);
}

function utc(texts: readonly (string | undefined)[]): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = texts.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The digits of a time, from the year on. */
function compact(ms: number, digits: number): string {
  return new Date(ms).toISOString().replace(/\D/g, "").slice(0, digits);
}

/** Equal keys that differ in the writing of a number only (`1`, `01`) are still in one order. */
function compareKeys(a: string, b: string): number {
  return byText.compare(a, b) || (a < b ? -1 : 1);
}
