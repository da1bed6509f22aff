import { createIngestStation, type IngestTask, resultMemory } from "./store/ingest-station.ts";

// Splits bytes into lines in a worker, so that the page stays responsive while much arrives.
const station = createIngestStation(() => performance.now());
addEventListener("message", ({ data }: MessageEvent<IngestTask>) => {
  const result = station(data);
  postMessage(result, { transfer: resultMemory(result) });
});
