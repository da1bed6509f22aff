import type { LogSource } from "../sources/source.ts";
import type { LogPiece, PassedLines } from "./event.ts";
import type { Position } from "./position.ts";
import type { LogText } from "./text.ts";
import type { ContainerView } from "./view.ts";

/** A piece with its place in the log, or what is found out on the way. */
export type PositionedPiece =
  | LogPiece
  | PassedLines
  | { readonly kind: "lost" }
  | { readonly kind: "head-missing"; readonly message: string };

const LINE_FEED = 0x0a;
/** A first line that comes so much later than its container began is not the first one. */
const HEAD_MS = 60_000;

/**
 * Numbers the lines of a text, and tells for each piece where it lies.
 *
 * @param from where the text goes on, if it does.
 * @param firstLine lines before this one are passed over.
 */
export async function* positioned(
  text: LogText,
  { name: source, capabilities: { live, tellsTimes: timed } }: LogSource,
  { pod, status }: ContainerView,
  from: Position | undefined,
  firstLine: number | undefined,
): AsyncGenerator<PositionedPiece, void, undefined> {
  const relative = text.relative || from?.relative === true;
  const wanted = text.from ?? from?.from ?? firstLine ?? 1;
  const instance = live && pod !== undefined ? { pod: pod.name, restarts: status?.restarts ?? 0 } : {};
  let line = text.line ?? from?.line ?? 1;
  let { offset } = text;
  let inside = from?.inside === true && text.line === undefined;
  let first = true;
  let headless = from?.headMissing === true;
  const at = (place: Position["place"]): Position => ({
    source,
    ...instance,
    place,
    line,
    ...(inside && { inside }),
    ...(relative && { relative }),
    ...(headless && { headMissing: true }),
    ...(wanted > line && { from: wanted }),
  });
  let before = at(text.begin);

  for await (const { bytes, times, after, lost } of text.pieces) {
    if (lost) yield { kind: "lost" };
    if (first && timed && text.line === 1) {
      const message = headMissing(times?.[0]?.time, status?.startedAt);
      if (message !== undefined) {
        headless = true;
        before = at(text.begin);
        yield { kind: "head-missing", message };
      }
    }
    first = false;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // Lines that are not wanted.
    let skipped = 0;
    for (; line < wanted; line += 1) {
      const feed = buffer.indexOf(LINE_FEED, skipped);
      if (feed === -1) {
        skipped = buffer.length;
        break;
      }
      skipped = feed + 1;
    }
    const startLine = line;
    for (let feed = buffer.indexOf(LINE_FEED, skipped); feed !== -1; feed = buffer.indexOf(LINE_FEED, feed + 1))
      line += 1;
    inside = bytes[bytes.length - 1] !== LINE_FEED;
    const position = at(after);
    if (skipped < buffer.length) {
      yield {
        kind: "text",
        bytes: skipped === 0 ? bytes : bytes.subarray(skipped),
        times:
          skipped === 0
            ? times
            : times?.flatMap((each) => (each.at < skipped ? [] : [{ ...each, at: each.at - skipped }])),
        line: startLine,
        offset: offset === undefined ? undefined : offset + skipped,
        mediaType: text.mediaType,
        before,
        after: position,
      };
    } else yield { kind: "passed", bytes: buffer.length, after: position };
    if (offset !== undefined) offset += bytes.length;
    before = position;
  }
}

function headMissing(firstLine: string | undefined, startedAt: string | undefined): string | undefined {
  const late = Date.parse(firstLine ?? "") - Date.parse(startedAt ?? "");
  if (!(late >= HEAD_MS)) return undefined;
  const minutes = Math.round(late / 60_000);
  return `The first line that the node still has is from ${firstLine?.slice(11, 19)} UTC, ${minutes} min after the container began: it has probably rotated the beginning away.`;
}
