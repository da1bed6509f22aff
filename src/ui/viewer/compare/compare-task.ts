import { createGrowing } from "../store/growing.ts";
import { timeOf } from "../store/line-time.ts";
import { hashLines } from "./line-hashes.ts";
import { matchLines, type Stretch } from "./line-matches.ts";
import { besideByTime } from "./time-beside.ts";

export type Side = "left" | "right";

/**
 * What the place where logs are compared is told: the lines of both, a piece after another, and then that there are no
 * more.
 */
export type CompareTask =
  | { readonly kind: "lines"; readonly side: Side; readonly text: Uint8Array<ArrayBuffer> }
  /** Lines that are not kept: they are equal to none. */
  | { readonly kind: "missing"; readonly side: Side; readonly count: number }
  | { readonly kind: "compare" };

/** Which lines are beside which. */
export interface Compared {
  /** Lines that are equal. */
  readonly equal: readonly Stretch[];
  /** Lines that came at the same time: only where no line is equal. */
  readonly beside: readonly Stretch[];
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** What each task is answered with. */
export type CompareAnswer = { readonly kind: "taken" } | ({ readonly kind: "compared" } & Compared);

/** Takes tasks one by one, in a worker or beside the page. */
export function createCompareStation(): (task: CompareTask) => CompareAnswer {
  /** For each hash, the number of its kind: from 0 up. */
  const kinds = new Map<number, number>();
  /** For each kind, the side on which it was seen first. */
  const firstSeen = createGrowing(Uint8Array, 4096);
  const lines = { left: createGrowing(Uint32Array, 4096), right: createGrowing(Uint32Array, 4096) };
  /** Kept as long as no line is on both sides. */
  let times: Record<Side, number[]> | undefined = { left: [], right: [] };

  const takeLines = (text: string, side: Side): void => {
    const own = side === "left" ? 0 : 1;
    hashLines(text, (hash) => {
      let kind = kinds.get(hash);
      if (kind === undefined) {
        kind = firstSeen.length;
        kinds.set(hash, kind);
        firstSeen.push(own);
      } else if (firstSeen.data[kind] !== own) times = undefined;
      lines[side].push(kind);
    });
    for (let start = 0, end = text.indexOf("\n"); end !== -1; start = end + 1, end = text.indexOf("\n", start)) {
      if (times === undefined) return;
      times[side].push(timeOf(text.slice(start, end))?.ms ?? Number.NaN);
    }
  };

  const takeMissing = (count: number, side: Side): void => {
    for (let line = 0; line < count; line += 1) {
      lines[side].push(firstSeen.length);
      firstSeen.push(side === "left" ? 0 : 1);
      times?.[side].push(Number.NaN);
    }
  };

  return (task) => {
    if (task.kind === "lines") takeLines(DECODER.decode(task.text), task.side);
    else if (task.kind === "missing") takeMissing(task.count, task.side);
    else {
      const equal = matchLines(lines.left.slice(0), lines.right.slice(0), firstSeen.length);
      const beside =
        times === undefined ? [] : besideByTime(Float64Array.from(times.left), Float64Array.from(times.right));
      return { kind: "compared", equal, beside };
    }
    return { kind: "taken" };
  };
}
