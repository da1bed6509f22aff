import type { CompareAnswer } from "../viewer/compare/compare-task.ts";
import type { ComparePort } from "../viewer/compare/comparison.ts";
import CompareWorker from "../viewer/compare-worker.ts?worker&inline";
import IngestWorker from "../viewer/ingest-worker.ts?worker&inline";
import SearchWorker from "../viewer/search-worker.ts?worker&inline";
import type { IngestResult } from "../viewer/store/ingest-station.ts";
import type { IngestPort } from "../viewer/store/log-reader.ts";
import type { PatternAnswer } from "../viewer/store/pattern-task.ts";
import type { PatternPort } from "../viewer/store/search.ts";

// Like the viewer's own, but with the workers' code inlined: browsers load no workers from files.

/** Starts a worker that splits bytes into lines. */
export function openIngestPort(answer: (result: IngestResult) => void): IngestPort {
  return portOf(new IngestWorker(), answer);
}

/** Starts a worker that runs patterns. */
export function openPatternPort(answer: (answer: PatternAnswer) => void): PatternPort {
  return portOf(new SearchWorker(), answer);
}

/** Starts a worker that compares logs. */
export function openComparePort(answer: (answer: CompareAnswer) => void): ComparePort {
  return portOf(new CompareWorker(), answer);
}

function portOf<T>(worker: Worker, answer: (answer: T) => void) {
  worker.onmessage = ({ data }: MessageEvent<T>) => answer(data);
  return { post: (task: unknown) => worker.postMessage(task), end: () => worker.terminate() };
}
