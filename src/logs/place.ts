import * as z from "zod";
import { fingerprintOf } from "../stream/tail-buffer.ts";

/** Identifies a place by the end of the text before it; see `Fingerprint` in stream/tail-buffer.ts. */
export const FingerprintShape = z.object({ length: z.int().min(0).max(1024), hash: z.string().max(20) });

const count = z.int().min(0);

/** A place in a log that is stored as one file. */
export const BytePlace = z.object({
  kind: z.literal("bytes"),
  /** How many bytes of the log's text, as UTF-8, lie before it. */
  offset: count,
  /** How many bytes of the stored file lie before it. Absent if reading cannot begin there: it is compressed, say. */
  stored: count.optional(),
  /** The text before it. */
  fingerprint: FingerprintShape,
  /** The same for the stored file, if its bytes are not those of the text. */
  storedFingerprint: FingerprintShape.optional(),
  /** The encoding that its lines are decoded from, unless they are UTF-8. Absent: UTF-8. */
  encoding: z.string().max(40).optional(),
});

/**
 * A place in a log whose lines have times, which may repeat and be out of order: so many lines behind its *anchor*,
 * the first line that is later than all lines before it.
 */
export const TimedPlace = z.object({
  kind: z.literal("times"),
  /** The anchor's time: the latest before the place or, without lines before it, that of its first line. */
  time: z.string().max(40),
  /**
   * The earliest time from the anchor on, if a later line is earlier: the clock was set back, or two streams were
   * merged.
   */
  earliest: z.string().max(40).optional(),
  /** Whole lines from the anchor on. */
  lines: count,
  /** Bytes of the line after them. */
  part: count,
  /** The text before it, and how many bytes it has, if it was read from the beginning. */
  text: z.object({ offset: count.optional(), fingerprint: FingerprintShape }).optional(),
});

/** A place in the log of one source, from which that source can be read on. */
export const Place = z.discriminatedUnion("kind", [BytePlace, TimedPlace]);

export type BytePlace = z.output<typeof BytePlace>;
export type TimedPlace = z.output<typeof TimedPlace>;
export type Place = z.output<typeof Place>;

const NOTHING_BEFORE = fingerprintOf(new Uint8Array(0));

/** The beginning of a log that is stored as one file. */
export const FILE_START: BytePlace = { kind: "bytes", offset: 0, fingerprint: NOTHING_BEFORE };

/** The beginning of a log whose lines have times. */
export const ENTRIES_START: TimedPlace = {
  kind: "times",
  time: "1970-01-01T00:00:02.000000000Z",
  lines: 0,
  part: 0,
  text: { offset: 0, fingerprint: NOTHING_BEFORE },
};

/** Where a text of entries begins that is only a part of its log: its first line will say. */
export const ENTRIES_ANYWHERE: TimedPlace = { kind: "times", time: ENTRIES_START.time, lines: 0, part: 0 };

/** Whether a place has an anchor: a text that has just been opened begins at no line yet. */
export function isAnchored({ time }: TimedPlace): boolean {
  return time !== ENTRIES_START.time;
}

/** Returns the fingerprint of the text before a place, if known. Any copy of the log has the same there. */
export function fingerprintAt(place: Place): BytePlace["fingerprint"] | undefined {
  return place.kind === "bytes" ? place.fingerprint : place.text?.fingerprint;
}

/** Returns the place as one in a file, if its offset is known. */
export function inFile(place: Place): BytePlace | undefined {
  if (place.kind === "bytes") return place;
  // It is unknown whether the file is plain text; if it is not, the fingerprint does not match.
  if (place.text?.offset === undefined) return undefined;
  const { offset, fingerprint } = place.text;
  return { kind: "bytes", offset, fingerprint, stored: offset };
}
