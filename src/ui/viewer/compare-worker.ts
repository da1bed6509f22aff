import { type CompareTask, createCompareStation } from "./compare/compare-task.ts";

// Compares logs in a worker, so that a comparison that takes too long can be killed.
const station = createCompareStation();
addEventListener("message", ({ data }: MessageEvent<CompareTask>) => postMessage(station(data)));
