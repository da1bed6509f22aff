/** The target of a comparison: an attempt of the same metric. */
export interface CompareTarget {
  /** The attempt's run; empty: the same run. */
  readonly run: string;
  /** 0: the last one of the metric, in another run. */
  readonly attempt: number;
}

/** Any target. */
export const ANY_TARGET = "1";

/**
 * Parses `cmp=`: `1` is any target, `a2` another attempt of the same run, `RUN.a2` one of another run, and `RUN.a0` the
 * last one of that. Else `undefined`.
 */
export function parseCompare(search: string): CompareTarget | "any" | undefined {
  const value = new URLSearchParams(search).get("cmp") ?? "";
  if (value === ANY_TARGET) return "any";
  const [, run = "", attempt] = /^(?:([a-z0-9][-a-z0-9.]{0,252})\.)?a(0|[1-9]\d{0,8})$/.exec(value) ?? [];
  return attempt === undefined || (run === "" && attempt === "0") ? undefined : { run, attempt: Number(attempt) };
}

/** The inverse of {@link parseCompare}. */
export function compareValue({ run, attempt }: CompareTarget): string {
  return `${run === "" ? "" : `${run}.`}a${attempt}`;
}

/** A query with another `cmp`, or without. */
export function withCompare(search: string, value: string | undefined): string {
  const query = new URLSearchParams(search);
  if (value === undefined) query.delete("cmp");
  else query.set("cmp", value);
  return query.toString();
}
