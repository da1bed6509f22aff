import type { OpenedFile } from "../sources/source.ts";
import { toUtf8 } from "../stream/charset.ts";
import { coalesce } from "../stream/coalesce.ts";
import type { LineTime } from "../stream/line-filter.ts";
import { createWindow } from "../stream/window.ts";
import { PIECE_BYTES } from "./byte-log.ts";
import { TIMED_START, type TimedPlace } from "./place.ts";
import { splitTime } from "./source-time.ts";
import type { LogText, TextPiece } from "./text.ts";

export interface TimedLogOptions {
  readonly growing: boolean;
  readonly onReplaced: () => void;
}

/** A source chooses lines by whole seconds, and lines of two streams may be a little out of order: so it is asked for lines from a little earlier on. */
const MARGIN_MS = 2_000;
const LINE_FEED = 0x0a;
/** Where a text begins that is only a part of its log: the first piece tells. */
const ANYWHERE: TimedPlace = { kind: "times", time: TIMED_START.time, lines: 0, part: 0 };

/** From when on a source has to be asked, so that the place is found again in what it gives: RFC 3339, whole seconds. */
export function sinceOf({ time }: Pick<TimedPlace, "time">): string {
  return new Date(Date.parse(time) - MARGIN_MS).toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * The text of a log whose lines begin with times: without them, from its beginning or from whatever it was opened at.
 *
 * @param place where to go on: what lies before it is passed over. Without it, the text begins with what comes first.
 * @param isWhole whether what comes first is the log's beginning.
 */
export function timedText(
  log: OpenedFile,
  place: TimedPlace | undefined,
  isWhole: boolean,
  options: TimedLogOptions,
): LogText {
  const offset = place === undefined ? (isWhole ? 0 : undefined) : place.text?.offset;
  return {
    pieces: timedPieces(log, place, offset, options),
    begin: place ?? (isWhole ? TIMED_START : ANYWHERE),
    line: place === undefined && isWhole ? 1 : undefined,
    relative: place === undefined && !isWhole,
    offset,
    delimited: log.delimited,
    mediaType: log.mediaType,
  };
}

async function* timedPieces(
  { body }: OpenedFile,
  place: TimedPlace | undefined,
  offset: number | undefined,
  { growing, onReplaced }: TimedLogOptions,
): AsyncGenerator<TextPiece> {
  const position = createPosition(place, offset);
  const skip = createSkip(place);
  let held: Buffer = Buffer.alloc(0);
  let atStart = true;
  let time = "";

  const read = (text: Buffer, isLast: boolean): TextPiece | undefined => {
    const parts: Buffer[] = [];
    const times: LineTime[] = [];
    let length = 0;
    let at = 0;
    let lost = false;
    while (at < text.length) {
      if (atStart) {
        const found = splitTime(text, at);
        if (found === "unfinished" && !isLast) break;
        // At the end of what was cut off, half a time is no text. A line is begun with its first character.
        if (found === "unfinished" && looksLikeTime(text, at)) break;
        if (typeof found === "object" && found.textAt === text.length) break;
        if (typeof found === "object") {
          time = found.time;
          at = found.textAt;
        }
        atStart = false;
        lost = skip.begin(time) || lost;
        if (!skip.drops) {
          position.begin(time);
          times.push({ at: length, time });
        }
      }
      const feed = text.indexOf(LINE_FEED, at);
      const end = feed === -1 ? text.length : feed + 1;
      const line = text.subarray(at, end);
      const kept = skip.pass(line, feed !== -1);
      if (kept.length < line.length) position.skipped(line.subarray(0, line.length - kept.length));
      if (kept.length > 0) {
        parts.push(kept);
        length += kept.length;
        position.pass(kept, feed !== -1);
      }
      at = end;
      atStart = feed !== -1;
    }
    held = Buffer.from(text.subarray(at));
    if (length === 0) return undefined;
    const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, length);
    position.seen(bytes);
    return { bytes, times, after: position.place(), ...(lost && { lost }) };
  };

  const coalesced = coalesce(body, PIECE_BYTES);
  for await (const bytes of toUtf8(coalesced, { inside: true, growing, onReplaced })) {
    const text =
      held.length === 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : Buffer.concat([held, bytes]);
    const piece = read(text, false);
    if (piece !== undefined) yield piece;
  }
  const last = read(held, true);
  if (last !== undefined) yield last;
}

function looksLikeTime(text: Buffer, at: number): boolean {
  return /^\d{1,4}(-[\dT:.+Z-]*)?$/.test(text.toString("latin1", at));
}

/** Follows where the text is, in the terms of {@link TimedPlace}. */
function createPosition(from: TimedPlace | undefined, start: number | undefined) {
  let { time, lines, part } = from ?? { time: "", lines: 0, part: 0 };
  let offset = start;
  const window = createWindow();
  return {
    begin(lineTime: string): void {
      if (lineTime <= time) return;
      time = lineTime;
      lines = 0;
      part = 0;
    },
    pass(bytes: Uint8Array, ended: boolean): void {
      if (ended) lines += 1;
      part = ended ? 0 : part + bytes.length;
    },
    /** What lies before the place has been counted, but is the end of the text to those who look for the place again. */
    skipped(bytes: Uint8Array): void {
      window.push(bytes);
    },
    seen(bytes: Uint8Array): void {
      window.push(bytes);
      if (offset !== undefined) offset += bytes.length;
    },
    place(): TimedPlace {
      const text = offset === undefined ? {} : { text: { offset, proof: window.proof() } };
      return { kind: "times", time, lines, part, ...text };
    },
  };
}

/** Passes over what lies before a place. */
function createSkip(place: TimedPlace | undefined) {
  let state: "searching" | "counting" | "done" = place === undefined ? "done" : "searching";
  let lines = place?.lines ?? 0;
  let part = place?.part ?? 0;
  return {
    /** Whether nothing of the line that has begun is passed on. */
    get drops(): boolean {
      return state === "searching" || (state === "counting" && lines > 0);
    },
    /** Tells of the time of a line that begins. Returns whether the place was not found, since the source has dropped it. */
    begin(time: string): boolean {
      if (state !== "searching" || place === undefined || time < place.time) return false;
      state = time === place.time ? "counting" : "done";
      return state === "done" && (lines > 0 || part > 0);
    },
    pass(text: Buffer, ended: boolean): Buffer {
      if (state === "done") return text;
      if (state === "searching") return EMPTY;
      if (lines > 0) {
        if (ended) lines -= 1;
        return EMPTY;
      }
      const dropped = Math.min(part, text.length);
      part -= dropped;
      if (part === 0) state = "done";
      return text.subarray(dropped);
    },
  };
}

const EMPTY = Buffer.alloc(0);
