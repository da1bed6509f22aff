import type { LokiClient, LokiSession, Scratch } from "./loki-client.ts";
import type { DecodeLine, LokiPage } from "./loki-page.ts";
import { ofStream } from "./loki-query.ts";
import type { EntriesPiece } from "./source.ts";

/** One log in Loki: what to ask for it, and the times between which it lies, in nanoseconds since 1970. */
export interface LokiLog {
  readonly client: LokiClient;
  readonly session: LokiSession;
  readonly query: string;
  readonly from: bigint;
  /** Lines of this time do not belong to it. */
  readonly to: bigint;
  readonly decode: DecodeLine | undefined;
  /** Whether nothing is added to it any more. */
  readonly ended: boolean;
}

const MISSING = "Lines are missing here: Loki has more lines of one nanosecond than it returns.";

/** What is sent at once. */
const PIECE_BYTES = 128 * 1024;

/**
 * Reads a log from its beginning, in order of time.
 *
 * A page that is full may hold only some of the lines of its last nanosecond, so the next one begins with that
 * nanosecond. Nothing is remembered from page to page, and the order does not depend on where a page begins.
 */
export async function* readForward(log: LokiLog): AsyncGenerator<EntriesPiece, void, undefined> {
  const { client, session, query, to, decode, ended } = log;
  const scratch: Scratch = { bytes: Buffer.alloc(0) };
  for (let from = log.from; ; ) {
    const { page, isFull } = await client.queryRange(session, { query, from, to, direction: "forward", scratch });
    const last = page.lastTime;
    if (last === undefined) return;
    const whole = isFull ? page.withoutLastTime() : page;
    for (const part of whole.parts(PIECE_BYTES)) {
      const piece = part.toPiece(decode);
      if (piece !== undefined) yield { ...piece, bytes: Buffer.from(piece.bytes) };
    }
    if (!isFull) {
      // Loki has been known to give fewer lines than there are (https://github.com/grafana/loki/issues/2445).
      if (!ended) return;
      from = last + 1n;
    } else if (whole.length > 0) from = last;
    else {
      yield* readNanosecond(log, last);
      from = last + 1n;
    }
  }
}

/** Reads the last lines of a log. */
export async function* readTail(log: LokiLog, lines: number): AsyncGenerator<EntriesPiece, void, undefined> {
  const { client, session, query, from, decode } = log;
  let missing = lines;
  let isWhole = false;
  for (let to = log.to; ; ) {
    // One more line than needed: the earliest of a full page may not be all of their time.
    const wanted = isWhole ? {} : { lines: missing + 1 };
    const { page, isFull } = await client.queryRange(session, { query, from, to, direction: "backward", ...wanted });
    const first = page.firstTime;
    const whole = isFull ? page.withoutFirstTime() : page;
    const isOneTime = isFull && first !== undefined && whole.length === 0;
    if (isOneTime && !isWhole) {
      isWhole = true;
      continue;
    }
    const piece = whole.toPiece(decode);
    const counted = isOneTime ? await countLines(readNanosecond(log, first)) : linesOf(piece);
    if (counted >= missing || !isFull || first === undefined) {
      const surplus = Math.max(0, counted - missing);
      if (to === log.to && !isOneTime) {
        const tail = piece && dropLines(piece, surplus);
        if (tail !== undefined) yield tail;
        return;
      }
      // Too many lines to hold: they are read again, in order.
      const begin = isFull ? (isOneTime ? first : whole.firstTime) : from;
      return yield* skipLines(readForward({ ...log, from: begin ?? from }), surplus);
    }
    isWhole = false;
    missing -= counted;
    to = isOneTime ? first : first + 1n;
  }
}

/**
 * Reads the lines of one nanosecond, of which there are more than Loki gives at once: those of each stream by
 * themselves and, if that is not enough, from both ends.
 */
async function* readNanosecond(log: LokiLog, from: bigint): AsyncGenerator<EntriesPiece, void, undefined> {
  const { client, session, decode } = log;
  const to = from + 1n;
  for (const labels of await client.series(session, log.query, from, to)) {
    const range = { query: ofStream(log.query, labels), from, to, most: true };
    const { page, isFull } = await client.queryRange(session, { ...range, direction: "forward" });
    const begin = page.toPiece(decode);
    if (begin !== undefined) yield begin;
    if (!isFull) continue;
    const back = await client.queryRange(session, { ...range, direction: "backward" });
    const known = overlapOf(page, back.page);
    const end = back.page.slice(known).toPiece(decode);
    if (end !== undefined) yield known === 0 ? { ...end, missing: MISSING } : end;
  }
}

/** How many lines at the end of the first page are those at the beginning of the second one. */
function overlapOf(first: LokiPage, second: LokiPage): number {
  const isSame = (length: number): boolean => {
    const from = first.length - length;
    for (let index = 0; index < length; index += 1) {
      if (!first.lineAt(from + index).equals(second.lineAt(index))) return false;
    }
    return true;
  };
  for (let length = Math.min(first.length, second.length); length > 0; length -= 1) if (isSame(length)) return length;
  return 0;
}

/** Removes the first lines of a piece. `undefined` if it has no more. */
function dropLines({ bytes, times }: EntriesPiece, lines: number): EntriesPiece | undefined {
  const at = times.starts[lines];
  if (at === undefined) return undefined;
  const starts = times.starts.slice(lines).map((start) => start - at);
  return { bytes: bytes.subarray(at), times: { starts, times: times.times.slice(lines) } };
}

async function* skipLines(
  pieces: AsyncIterable<EntriesPiece>,
  lines: number,
): AsyncGenerator<EntriesPiece, void, undefined> {
  let left = lines;
  for await (const piece of pieces) {
    const rest = left === 0 ? piece : dropLines(piece, left);
    left = Math.max(0, left - linesOf(piece));
    if (rest !== undefined) yield rest;
  }
}

async function countLines(pieces: AsyncIterable<EntriesPiece>): Promise<number> {
  let lines = 0;
  for await (const piece of pieces) lines += linesOf(piece);
  return lines;
}

function linesOf(piece: EntriesPiece | undefined): number {
  return piece?.times.starts.length ?? 0;
}
