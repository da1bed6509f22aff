import type { Block } from "../../src/ui/viewer/store/block.ts";
import { createIngest } from "../../src/ui/viewer/store/ingest.ts";
import { lineText } from "../../src/ui/viewer/store/line-text.ts";
import { createLogStore, type LogStore } from "../../src/ui/viewer/store/log-store.ts";
import { createStyleTable } from "../../src/ui/viewer/store/style.ts";

/** Converts a text to blocks of a log. */
export function blocksOf(text: string): Block[] {
  const ingest = createIngest(createStyleTable());
  ingest.push(new TextEncoder().encode(text), 1, 0);
  ingest.end();
  return ingest.take(true);
}

/** Converts a text to a log in memory. */
export function storeOf(text: string, memory = Number.POSITIVE_INFINITY): LogStore {
  const store = createLogStore(memory);
  const styles = createStyleTable();
  const ingest = createIngest(styles);
  ingest.push(new TextEncoder().encode(text), 1, 0);
  ingest.end();
  for (const block of ingest.take(true)) store.append(block);
  store.addStyles(styles.styles);
  return store;
}

/** All lines of a log. */
export function linesOf(store: LogStore): string[] {
  return Array.from({ length: store.lines }, (_, line) => lineText(store, line));
}
