import type { LineRun } from "../stream/filtered-text.ts";

/** The runs without their first lines, as many as this. */
export function dropLines(runs: readonly LineRun[], lines: number): readonly LineRun[] {
  let left = lines;
  return runs.flatMap((run): LineRun[] => {
    const dropped = Math.min(left, run.count);
    left -= dropped;
    return dropped === run.count ? [] : [{ ...run, firstLine: run.firstLine + dropped, count: run.count - dropped }];
  });
}

/** The runs' first lines, as many as this. */
export function takeLines(runs: readonly LineRun[], lines: number): readonly LineRun[] {
  let left = lines;
  return runs.flatMap((run): LineRun[] => {
    const count = Math.min(left, run.count);
    left -= count;
    return count === 0 ? [] : [{ ...run, count }];
  });
}
