import { type Block, blockMemory } from "./block.ts";
import { createIngest } from "./ingest.ts";
import { createStyleTable, type Style } from "./style.ts";

/** What the place where bytes become lines is told, in the order of the log. */
export type IngestTask =
  | {
      readonly kind: "bytes";
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** The number of the line in which they begin; 0 where that is not known. */
      readonly firstLine: number;
      readonly source: number;
    }
  /** Lines so far are wanted now. */
  | { readonly kind: "flush" }
  /** Something to be handed back in its place among the lines. */
  | { readonly kind: "note"; readonly note: unknown }
  /** No more comes. */
  | { readonly kind: "end" };

/** What came of it. */
export interface IngestResult {
  readonly blocks: readonly Block[];
  /** The line that has not ended. `undefined`: as it was; `null`: there is none. */
  readonly unfinished: Block | null | undefined;
  /** Styles that are new. */
  readonly styles: readonly Style[];
  /** How many bytes were taken. */
  readonly taken: number;
  readonly note?: unknown;
}

/** Lines that wait longer than this are handed over, in milliseconds, though they do not fill a block. */
const HELD_MS = 50;

/** Turns tasks into results, one by one, in a worker or beside the page. */
export function createIngestStation(now: () => number): (task: IngestTask) => IngestResult {
  const table = createStyleTable();
  const ingest = createIngest(table);
  let told = 0;
  let flushed = Number.NEGATIVE_INFINITY;
  return (task) => {
    if (task.kind === "bytes") ingest.push(task.bytes, task.firstLine, task.source);
    else if (task.kind === "end") ingest.end();
    const all = task.kind !== "bytes" || now() - flushed >= HELD_MS;
    const blocks = ingest.take(all);
    if (all) flushed = now();
    const styles = table.styles.slice(told);
    told = table.styles.length;
    return {
      blocks,
      unfinished: all ? (ingest.unfinished() ?? null) : blocks.length > 0 ? null : undefined,
      styles,
      taken: task.kind === "bytes" ? task.bytes.length : 0,
      ...(task.kind === "note" ? { note: task.note } : {}),
    };
  };
}

/** The memory of a result, to be handed over without a copy. */
export function resultMemory({ blocks, unfinished }: IngestResult): ArrayBuffer[] {
  return [...blocks, ...(unfinished ? [unfinished] : [])].flatMap(blockMemory);
}
