import { z } from "zod";
import { proofOf } from "../stream/window.ts";

/** The end of what was read, by which the place is known again. */
export const Proof = z.object({ length: z.int().min(0).max(1024), hash: z.string().max(20) });

const count = z.int().min(0);

/** A place in a log that is kept as one file. */
export const BytePlace = z.object({
  kind: z.literal("bytes"),
  /** How many bytes of the log's text, as UTF-8, lie before it. */
  offset: count,
  /** How many bytes of the file as it is stored lie before it. Absent where only a reader from the beginning can tell: the file is compressed, or in another encoding. */
  stored: count.optional(),
  /** The text before it. */
  proof: Proof,
  /** The same of the file as it is stored, where bytes that are no text were replaced. */
  storedProof: Proof.optional(),
});

/**
 * A place in a log whose lines have times, which need be neither different nor in order: behind some lines from the first one on that is later than all before it.
 */
export const TimedPlace = z.object({
  kind: z.literal("times"),
  /** The latest time before the place. Its first line is where counting begins. */
  time: z.string().max(40),
  /** Whole lines from there on. */
  lines: count,
  /** Bytes of the next line. */
  part: count,
  /** How many bytes of the log's text lie before it, and the last of them. Absent where it was not read from its beginning. */
  text: z.object({ offset: count, proof: Proof }).optional(),
});

/** A place in a log, from which it can be read on, at the source that it was read from. */
export const Place = z.discriminatedUnion("kind", [BytePlace, TimedPlace]);

export type BytePlace = z.output<typeof BytePlace>;
export type TimedPlace = z.output<typeof TimedPlace>;
export type Place = z.output<typeof Place>;

/** The beginning of a log that is kept as one file. */
export const FILE_START: BytePlace = { kind: "bytes", offset: 0, proof: proofOf(new Uint8Array(0)) };

/** The beginning of a log whose lines have times. */
export const TIMED_START: TimedPlace = {
  kind: "times",
  time: "1970-01-01T00:00:02.000000000Z",
  lines: 0,
  part: 0,
  text: { offset: 0, proof: FILE_START.proof },
};

/** The place in a log that is kept as one file which a place in any other copy of it is, if that can be told. */
export function inFile(place: Place): BytePlace | undefined {
  if (place.kind === "bytes") return place;
  // Whether the file is stored as plain text is not known; where it is not, the proof fails and it is read from its beginning.
  return place.text && { kind: "bytes", ...place.text, stored: place.text.offset };
}
