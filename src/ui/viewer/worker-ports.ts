import type { CompareAnswer } from "./compare/compare-task.ts";
import type { ComparePort } from "./compare/comparison.ts";
import type { IngestResult } from "./store/ingest-station.ts";
import type { IngestPort } from "./store/log-reader.ts";
import type { PatternAnswer } from "./store/pattern-task.ts";
import type { PatternPort } from "./store/search.ts";

/** Starts a worker that splits bytes into lines. */
export function openIngestPort(answer: (result: IngestResult) => void): IngestPort {
  const worker = new Worker(new URL("./ingest-worker.ts", import.meta.url), { type: "module", name: "log ingest" });
  worker.onmessage = ({ data }: MessageEvent<IngestResult>) => answer(data);
  return {
    post: (task) => worker.postMessage(task, { transfer: task.kind === "bytes" ? [task.bytes.buffer] : [] }),
    end: () => worker.terminate(),
  };
}

/** Starts a worker that runs patterns. */
export function openPatternPort(answer: (answer: PatternAnswer) => void): PatternPort {
  const worker = new Worker(new URL("./search-worker.ts", import.meta.url), { type: "module", name: "log search" });
  worker.onmessage = ({ data }: MessageEvent<PatternAnswer>) => answer(data);
  return {
    post: (task) => worker.postMessage(task, { transfer: "text" in task ? [task.text.buffer] : [] }),
    end: () => worker.terminate(),
  };
}

/** Starts a worker that compares logs. */
export function openComparePort(answer: (answer: CompareAnswer) => void): ComparePort {
  const worker = new Worker(new URL("./compare-worker.ts", import.meta.url), { type: "module", name: "log compare" });
  worker.onmessage = ({ data }: MessageEvent<CompareAnswer>) => answer(data);
  return {
    post: (task) => worker.postMessage(task, { transfer: task.kind === "lines" ? [task.text.buffer] : [] }),
    end: () => worker.terminate(),
  };
}
