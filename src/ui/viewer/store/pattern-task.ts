import { compileQuery, type MatchRange, matchingLines, matchRanges, type Query } from "./query.ts";

/** A task for the worker: which lines of a text match, or where in each of some texts. */
export type PatternTask =
  | { readonly id: number; readonly query: Query; readonly text: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly query: Query; readonly texts: readonly string[] };

export interface PatternAnswer {
  readonly id: number;
  readonly lines?: Uint32Array<ArrayBuffer>;
  readonly ranges?: readonly (readonly MatchRange[])[];
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

export function answerPattern(task: PatternTask): PatternAnswer {
  const pattern = compileQuery(task.query);
  if ("texts" in task) return { id: task.id, ranges: task.texts.map((text) => matchRanges(text, pattern)) };
  const lines: number[] = [];
  matchingLines(DECODER.decode(task.text), pattern, false, (line) => lines.push(line));
  return { id: task.id, lines: Uint32Array.from(lines) };
}
