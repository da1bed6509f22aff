import { createIngestStation, type IngestTask, resultMemory } from "./store/ingest-station.ts";

// Bytes become lines apart from the page, so that it stays quick while much comes.
const station = createIngestStation(() => performance.now());
addEventListener("message", ({ data }: MessageEvent<IngestTask>) => {
  const result = station(data);
  postMessage(result, { transfer: resultMemory(result) });
});
