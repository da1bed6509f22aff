import { badRequest } from "./status.ts";
import { type WrittenLog, writtenTime } from "./written-log.ts";

/** The requested part of a log. */
export interface LogRequest {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  /** The format of a node's timestamps. */
  readonly since: string | undefined;
}

/** The approximate size of the pieces of a long response. */
const PIECE_BYTES = 64 * 1024;

/** @throws StatusError 400 if a parameter is invalid. */
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
    // The API server passes on whole seconds.
    since: since === undefined ? undefined : writtenTime(Math.floor(since / 1000) * 1000),
  };
}

/** Whether the whole log is requested, as it was written and without follow. */
export function isPlain({ follow, timestamps, tailLines, since }: LogRequest): boolean {
  return !follow && !timestamps && tailLines === undefined && since === undefined;
}

/**
 * Reads a log like a kubelet: the tail is located first, then lines older than `since` are skipped, one by one. A
 * follow continues until the container has terminated and all its output was read.
 *
 * @param isOver whether the container has stopped writing.
 * @param untilChange resolves when that may have changed.
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
    // Checked first, so that everything written before the container terminated is read.
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

    const woken = new AbortController();
    const stop = AbortSignal.any([signal, woken.signal]);
    await Promise.race([log.untilMore(next, stop), untilChange(stop)]).finally(() => woken.abort());
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
