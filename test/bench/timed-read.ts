import type { Pool } from "undici";

/** One request for the small log. */
export interface LogRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** The duration of each of several reads, in milliseconds, and the number of reads per second. */
export interface Reads {
  readonly times: readonly number[];
  readonly perSecond: number;
}

/**
 * Reads a whole log over a keep-alive connection, and returns its duration in milliseconds. Throws unless the response
 * is complete and contains the log.
 */
export async function timeRead(pool: Pool, request: LogRequest, log: Buffer): Promise<number> {
  const start = performance.now();
  const answer = await pool.request({
    method: request.method,
    path: request.path,
    headers: request.headers,
    body: request.body ?? null,
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  const elapsed = performance.now() - start;
  // A stream that failed half way has status 200, and the error in its last envelope.
  if (answer.statusCode === 200 && bytes.includes(log) && !bytes.includes('"error"')) return elapsed;
  throw new Error(`${request.path}: status ${answer.statusCode}: ${bytes.toString().slice(0, 500)}`);
}

/** Reads repeatedly, with this many readers in parallel, for this long. */
export async function readAtOnce(readers: number, ms: number, read: () => Promise<number>): Promise<Reads> {
  const times: number[] = [];
  const start = performance.now();
  const readOn = async () => {
    while (performance.now() - start < ms) times.push(await read());
  };
  await Promise.all(Array.from({ length: readers }, readOn));
  return { times, perSecond: perSecond(times.length, start) };
}

/** Reads this many times, one after another. */
export async function readInTurn(count: number, read: (index: number) => Promise<number>): Promise<Reads> {
  const times: number[] = [];
  const start = performance.now();
  for (let index = 0; index < count; index++) times.push(await read(index));
  return { times, perSecond: perSecond(times.length, start) };
}

function perSecond(count: number, start: number): number {
  return count / ((performance.now() - start) / 1000);
}
