/** What a log is compared with: an attempt of the same metric. */
export interface CompareTarget {
  /** The run whose attempt it is; empty: the same run. */
  readonly run: string;
  readonly attempt: number;
}

/** Whatever there is to compare with. */
export const ANY_TARGET = "1";

/** Reads `cmp=`: `1` means whatever there is, `a2` another attempt of the same run, `RUN.a2` that of another run. Anything else: nothing is compared. */
export function parseCompare(search: string): CompareTarget | "any" | undefined {
  const value = new URLSearchParams(search).get("cmp") ?? "";
  if (value === ANY_TARGET) return "any";
  const [, run = "", attempt] = /^(?:([a-z0-9][-a-z0-9.]{0,252})\.)?a([1-9]\d{0,8})$/.exec(value) ?? [];
  return attempt === undefined ? undefined : { run, attempt: Number(attempt) };
}

/** What {@link parseCompare} reads. */
export function compareValue({ run, attempt }: CompareTarget): string {
  return `${run === "" ? "" : `${run}.`}a${attempt}`;
}

/** An address's query with another `cmp`, or without. */
export function withCompare(search: string, value: string | undefined): string {
  const query = new URLSearchParams(search);
  if (value === undefined) query.delete("cmp");
  else query.set("cmp", value);
  return query.toString();
}
