import type { LineTime } from "./line-filter.ts";

/** The times that a source tells of the lines of a text. */
export interface SourceTimes {
  /** Whether it tells any. */
  readonly told: boolean;
  /** Goes on to the next text. */
  take(times: readonly LineTime[] | undefined): void;
  /** The time of the line that begins at this place in the text; places are asked for in order. */
  at(place: number): string | undefined;
}

export function createSourceTimes(): SourceTimes {
  let times: readonly LineTime[] | undefined;
  let next = 0;
  return {
    get told() {
      return times !== undefined;
    },
    take(all) {
      times = all;
      next = 0;
    },
    at(place) {
      if (times === undefined) return undefined;
      while ((times[next]?.at ?? place) < place) next += 1;
      const entry = times[next];
      return entry?.at === place ? entry.time : undefined;
    },
  };
}
