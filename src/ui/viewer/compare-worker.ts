import { type CompareTask, createCompareStation } from "./compare/compare-task.ts";

// Logs are compared apart from the page: what takes too long can be killed.
const station = createCompareStation();
addEventListener("message", ({ data }: MessageEvent<CompareTask>) => postMessage(station(data)));
