/**
 * The value below which this share of the values lies: `percentile(values, 0.5)` is the median. Throws if there are no
 * values.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error("There are no values.");
  return value;
}
