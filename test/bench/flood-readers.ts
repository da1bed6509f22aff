/**
 * Readers of a small log, in a process of their own: `flood-readers.ts URL MS`. Each waits a moment between two reads, as
 * people and pages do. Prints the readings as JSON.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Agent } from "undici";
import { READER_TOKENS, type Readings } from "./flood-callers.ts";

const BETWEEN_MS = 250;
const BYTES = 4096;

const [origin = "", ms = ""] = process.argv.slice(2);
const agent = new Agent({ connections: READER_TOKENS.length });
const times: number[] = [];
let failed = 0;
const end = performance.now() + Number(ms);
await Promise.all(READER_TOKENS.map(read));
await agent.close();
process.stdout.write(JSON.stringify({ times, failed } satisfies Readings));

async function read(token: string): Promise<void> {
  // Not all in the same moment.
  await pause(Math.random() * BETWEEN_MS);
  while (performance.now() < end) {
    const began = performance.now();
    const request = { origin, path: "/raw/bench/small", headers: { authorization: `Bearer ${token}` } } as const;
    const { statusCode, body } = await agent.request({ ...request, method: "GET" });
    const { byteLength } = await body.arrayBuffer();
    if (statusCode === 200 && byteLength === BYTES) times.push(performance.now() - began);
    else failed += 1;
    await pause(BETWEEN_MS);
  }
}
