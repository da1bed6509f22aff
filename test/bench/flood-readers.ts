/**
 * Readers of a small log, in a process of their own: `flood-readers.ts URL`. Each waits a moment between two reads, as
 * people and pages do. Prints a line for each read: how many milliseconds it took, or `failed`. Ends when its stdin does.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Agent } from "undici";
import { READER_TOKENS } from "./flood-callers.ts";

const BETWEEN_MS = 250;
const BYTES = 4096;

const [origin = ""] = process.argv.slice(2);
const agent = new Agent({ connections: READER_TOKENS.length });
process.stdin.resume().once("end", () => process.exit());
await Promise.all(READER_TOKENS.map(read));

async function read(token: string): Promise<void> {
  // Not all in the same moment.
  await pause(Math.random() * BETWEEN_MS);
  for (;;) {
    const began = performance.now();
    const request = { origin, path: "/raw/bench/small", headers: { authorization: `Bearer ${token}` } } as const;
    const { statusCode, body } = await agent.request({ ...request, method: "GET" });
    const { byteLength } = await body.arrayBuffer();
    const isRead = statusCode === 200 && byteLength === BYTES;
    console.log(isRead ? (performance.now() - began).toFixed(2) : "failed");
    await pause(BETWEEN_MS);
  }
}
