import { createGrowing } from "../store/growing.ts";
import { timeOf } from "../store/line-time.ts";
import { hashLines } from "./line-hashes.ts";
import { matchLines, type Stretch } from "./line-matches.ts";
import { besideByTime } from "./time-beside.ts";

export type Side = "left" | "right";

/** A task for the comparison: some lines of one log, or the end of both. */
export type CompareTask =
  | { readonly kind: "lines"; readonly side: Side; readonly text: Uint8Array<ArrayBuffer> }
  /** Lines that are not kept: they equal no line. */
  | { readonly kind: "missing"; readonly side: Side; readonly count: number }
  | { readonly kind: "compare" };

/** Which lines are paired. */
export interface Compared {
  /** Lines that are equal. */
  readonly equal: readonly Stretch[];
  /** Lines of about the same time: only if no lines are equal. */
  readonly beside: readonly Stretch[];
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** The result of a task. */
export type CompareAnswer = { readonly kind: "taken" } | ({ readonly kind: "compared" } & Compared);

/** Handles tasks one by one, in a worker or on the page. */
export function createCompareStation(): (task: CompareTask) => CompareAnswer {
  /** For each hash, its kind: a number from 0. */
  const kinds = new Map<number, number>();
  /** For each kind, the side that had it first. */
  const firstSeen = createGrowing(Uint8Array, 4096);
  const lines = { left: createGrowing(Uint32Array, 4096), right: createGrowing(Uint32Array, 4096) };
  /** Kept until a line is on both sides. */
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
