/**
 * Bounds on what is read of one run, whose object may have 1.5 MB or more in any of its parts. Everything beyond them is
 * left out where the object is parsed, and counted in {@link LeftOut}.
 */

/** Metrics; of more, those that did not succeed come first. */
export const MAX_METRICS = 200;
/** Metrics and results among which those are looked for. */
export const MAX_SEARCHED = 10_000;
/** Attempts of all metrics together, the newest of each. */
export const MAX_ATTEMPTS = 1_000;
/** Containers of all metrics together. */
export const MAX_CONTAINERS = 1_000;
/** However many metrics there are. Argo Rollouts keeps ten measurements of each by default. */
const MIN_SHARE = 10;
/** Arguments, and the characters of an argument's value. */
export const MAX_ARGUMENTS = 500;
export const MAX_VALUE_LENGTH = 16_384;
/** A Stage takes one Freight from each of its Warehouses. */
export const MAX_FREIGHT = 20;

/**
 * The characters of all labels, and of all annotations: what Kubernetes allows for annotations. It does not limit how
 * many labels there are.
 */
const MAX_LABELS_LENGTH = 256 * 1024;

/** The maximum length of a metric's name, which is free text: that of requests. */
export const METRIC_NAME_LENGTH = 1_000;
/** The maximum length of a name in Kubernetes. No object has a longer one. */
export const NAME_LENGTH = 253;
/** The maximum length of a message, a condition and a measured value; of more, the beginning is read. */
export const TEXT_LENGTH = 4_000;
/** The maximum length of a time or duration. RFC 3339 with nanoseconds has 35 characters. */
const TIME_LENGTH = 64;

/** How many parts of a run were not read, by the bounds above. */
export interface LeftOut {
  readonly metrics: number;
  readonly attempts: number;
  /** Those beyond the bound, and those whose name Kubernetes would not accept. */
  readonly containers: number;
  readonly args: number;
  readonly dryRuns: number;
  readonly freight: number;
  /** Labels and annotations. */
  readonly labels: number;
}

/** Counts what is left out while a run is parsed. */
export type LeftOutCounts = { -readonly [part in keyof LeftOut]: number };

export function createLeftOutCounts(): LeftOutCounts {
  return { metrics: 0, attempts: 0, containers: 0, args: 0, dryRuns: 0, freight: 0, labels: 0 };
}

/** How many attempts or containers each of so many metrics may have, if all together may have `total`. */
export function shareOf(total: number, metrics: number): number {
  return Math.max(MIN_SHARE, Math.floor(total / Math.max(1, metrics)));
}

/**
 * The text or, if it is longer than `max`, its beginning with an ellipsis in place of the rest. That is a copy: V8 keeps
 * the whole string for as long as a slice of it is used.
 */
export function cutText(text: string, max: number): string {
  return text.length <= max ? text : `${copied(text.slice(0, max - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** The same text in memory of its own. */
export function copied(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}

/** A time as it stands in a run; none if it is too long to be one. */
export function boundedTime(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= TIME_LENGTH ? text : undefined;
}

/** The first labels or annotations, up to their bound. */
export function boundedLabels(
  all: Readonly<Record<string, string>>,
  leftOut: LeftOutCounts,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  let length = 0;
  let count = 0;
  for (const name in all) {
    const value = all[name] ?? "";
    length += name.length + value.length;
    if (length > MAX_LABELS_LENGTH) break;
    kept[name] = value;
    count += 1;
  }
  if (length <= MAX_LABELS_LENGTH) return all;
  leftOut.labels += Object.keys(all).length - count;
  return kept;
}

/** A name as it stands in a run. A longer one is cut, which makes it one that no object has. */
export function boundedName(text: string): string {
  return cutText(text, NAME_LENGTH);
}
