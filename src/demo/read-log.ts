import { badRequest } from "./status.ts";
import { type WrittenLog, writtenTime } from "./written-log.ts";

/** What of a log is asked for. */
export interface LogRequest {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  /** As a node writes times. */
  readonly since: string | undefined;
}

/** Pieces of an answer are about this long where there is much to send. */
const PIECE_BYTES = 64 * 1024;

/** @throws StatusError 400 where a parameter is wrong. */
export function logRequestOf(query: URLSearchParams): LogRequest {
  const tail = query.get("tailLines");
  if (tail !== null && !/^\d{1,15}$/.test(tail)) throw badRequest(`tailLines: Invalid value: ${tail}`);
  const time = query.get("sinceTime");
  const since = time === null ? undefined : Date.parse(time);
  if (Number.isNaN(since)) throw badRequest(`sinceTime: Invalid value: "${time}"`);
  return {
    follow: isTrue(query.get("follow")),
    timestamps: isTrue(query.get("timestamps")),
    tailLines: tail === null ? undefined : Number(tail),
    // The API server passes whole seconds on.
    since: since === undefined ? undefined : writtenTime(Math.floor(since / 1000) * 1000),
  };
}

/** Whether all of a log is asked for, as it was written and as it is now. */
export function isPlain({ follow, timestamps, tailLines, since }: LogRequest): boolean {
  return !follow && !timestamps && tailLines === undefined && since === undefined;
}

/**
 * Reads a log as a kubelet does: the tail is found first, then what is older than `since` is left out, line by line. A follow goes on until the container has ended and
 * all that it wrote was read.
 *
 * @param isOver whether the container writes no more.
 * @param untilChange settles when that may have changed.
 */
export async function* readWritten(
  log: WrittenLog,
  { follow, timestamps, tailLines, since = "" }: LogRequest,
  isOver: () => boolean,
  untilChange: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let next = tailLines === undefined ? 0 : startOfTail(log, tailLines);
  let isLineStart = true;
  while (!signal.aborted) {
    // Looked at first: what was written before the container ended is read in any case.
    const isLast = !follow || isOver();
    let parts: Uint8Array[] = [];
    let size = 0;
    for (const { index, time, bytes } of log.lines(next)) {
      next = index + 1;
      if (time < since) continue;
      if (timestamps && isLineStart) parts.push(Buffer.from(`${time} `));
      isLineStart = bytes.at(-1) === 0x0a;
      parts.push(bytes);
      size += bytes.length;
      if (size < PIECE_BYTES) continue;
      yield Buffer.concat(parts);
      parts = [];
      size = 0;
    }
    if (parts.length > 0) yield Buffer.concat(parts);
    if (isLast) return;

    const either = new AbortController();
    const stop = AbortSignal.any([signal, either.signal]);
    await Promise.race([log.untilMore(next, stop), untilChange(stop)]).finally(() => either.abort());
  }
}

function startOfTail(log: WrittenLog, count: number): number {
  let first: number | undefined;
  let next = 0;
  for (const { index } of log.lines(0)) {
    first ??= index;
    next = index + 1;
  }
  return Math.max(first ?? 0, next - count);
}

function isTrue(text: string | null): boolean {
  return /^(1|true)$/i.test(text ?? "");
}
