import { type Block, blockMemory } from "./block.ts";
import { createIngest } from "./ingest.ts";
import { createStyleTable, type Style } from "./style.ts";

/** A task for the ingest, in the order of the log. */
export type IngestTask =
  | {
      readonly kind: "bytes";
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** The number of the line in which they begin; 0 if unknown. */
      readonly firstLine: number;
      readonly source: number;
    }
  /** Return the lines so far. */
  | { readonly kind: "flush" }
  /** A note to return at its position between the lines. */
  | { readonly kind: "note"; readonly note: unknown }
  /** The end of the log. */
  | { readonly kind: "end" };

/** The result of a task. */
export interface IngestResult {
  readonly blocks: readonly Block[];
  /** The partial line. `undefined`: unchanged; `null`: there is none. */
  readonly unfinished: Block | null | undefined;
  /** New styles. */
  readonly styles: readonly Style[];
  /** The number of bytes that were processed. */
  readonly taken: number;
  readonly note?: unknown;
}

/** Lines that wait longer than this many milliseconds are returned even if they do not fill a block. */
const HELD_MS = 50;

/** Processes tasks one by one, in a worker or on the page. */
export function createIngestStation(now: () => number): (task: IngestTask) => IngestResult {
  const table = createStyleTable();
  const ingest = createIngest(table);
  let sentStyles = 0;
  let flushed = Number.NEGATIVE_INFINITY;
  return (task) => {
    if (task.kind === "bytes") ingest.push(task.bytes, task.firstLine, task.source);
    else if (task.kind === "end") ingest.end();
    const all = task.kind !== "bytes" || now() - flushed >= HELD_MS;
    const blocks = ingest.take(all);
    if (all) flushed = now();
    const styles = table.styles.slice(sentStyles);
    sentStyles = table.styles.length;
    return {
      blocks,
      unfinished: all ? (ingest.unfinished() ?? null) : blocks.length > 0 ? null : undefined,
      styles,
      taken: task.kind === "bytes" ? task.bytes.length : 0,
      ...(task.kind === "note" ? { note: task.note } : {}),
    };
  };
}

/** The buffers of a result, for a transfer. */
export function resultMemory({ blocks, unfinished }: IngestResult): ArrayBuffer[] {
  return [...blocks, ...(unfinished ? [unfinished] : [])].flatMap(blockMemory);
}
