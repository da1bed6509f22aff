import { collect } from "../stream/collect.ts";
import { isCompressed } from "../stream/decompress.ts";
import { encodingOf } from "../stream/encoding.ts";
import { proofOf, WINDOW_BYTES } from "../stream/window.ts";
import { type ByteLogOptions, type OpenFile, readFileFrom, wholeText } from "./byte-log.ts";
import type { LogText } from "./text.ts";

/** What the beginning of a file is looked at for: whether it is compressed, and in which encoding. */
const HEAD_BYTES = 64;
/** How much of a file is read at once, backwards. */
const BLOCK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const NOTHING = proofOf(new Uint8Array(0));

/**
 * Reads the last lines of a log that is kept as one file, as many as this.
 *
 * A plain file whose store gives parts is read backwards from its end, so that little of it is read. Any other is read twice: to count its lines, and for the last of
 * them.
 */
export async function readFileTail(open: OpenFile, lines: number, options: ByteLogOptions): Promise<LogText> {
  const log = await open({ range: { first: 0, last: HEAD_BYTES - 1 } });
  const total = log.part?.total;
  if (log.part === undefined) return lastLines(wholeText(log, options), open, lines, options);
  const head = await collect(log.body, HEAD_BYTES);
  const encoding = encodingOf(head, log.charset, true);
  if (total === undefined || isCompressed(head) || (encoding !== undefined && encoding.name !== "utf-8")) {
    return lastLines(wholeText(await open(), options), open, lines, options);
  }
  const mark = encoding?.markBytes ?? 0;
  const first = lines === 0 ? total : await findTail(open, mark, total, lines);
  if (first === undefined) return lastLines(wholeText(await open(), options), open, lines, options);
  if (first <= mark) return wholeText(await open(), options);
  const from = Math.max(mark, first - WINDOW_BYTES);
  const before = await collect((await open({ range: { first: from, last: first - 1 } })).body, first - from);
  const place = {
    kind: "bytes",
    offset: first - mark,
    stored: first,
    proof: NOTHING,
    storedProof: proofOf(before),
  } as const;
  return { ...(await readFileFrom(open, place, options)), relative: true };
}

/** Where the last lines begin in a file; `undefined` where the store does not give the parts that are asked for. */
async function findTail(open: OpenFile, mark: number, total: number, lines: number): Promise<number | undefined> {
  let left = lines;
  for (let end = total; end > mark; ) {
    const first = Math.max(mark, end - BLOCK_BYTES);
    const log = await open({ range: { first, last: end - 1 } });
    const block = Buffer.from(await collect(log.body, end - first));
    if (log.part === undefined || block.length < end - first) return undefined;
    // The line feed at the very end ends the last line: no line begins behind it.
    for (let at = end === total ? block.length - 1 : block.length; at > 0; ) {
      at = block.lastIndexOf(LINE_FEED, at - 1);
      if (at === -1) break;
      left -= 1;
      if (left === 0) return first + at + 1;
    }
    end = first;
  }
  return mark;
}

async function lastLines(counted: LogText, open: OpenFile, lines: number, options: ByteLogOptions): Promise<LogText> {
  let feeds = 0;
  let unfinished = false;
  for await (const { bytes } of counted.pieces) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = buffer.indexOf(LINE_FEED); at !== -1; at = buffer.indexOf(LINE_FEED, at + 1)) feeds += 1;
    unfinished = bytes[bytes.length - 1] !== LINE_FEED;
  }
  const all = feeds + (unfinished ? 1 : 0);
  return { ...wholeText(await open(), options), from: Math.max(0, all - lines) + 1 };
}
