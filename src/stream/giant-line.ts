import { cutLength } from "./characters.ts";
import type { LineFilterResume, TextGatherer } from "./filtered-text.ts";
import type { GoingLine } from "./text-start.ts";

/** The line that the next byte lies in. Where it is decided on before its end, it goes out or is dropped as it comes, however long it is: nothing of it is kept. */
export interface GiantLine {
  /** What was decided on it; `undefined` where that is left to its end. */
  going: GoingLine | undefined;
  /** How many of its bytes have come. */
  within: number;
  /** How many of them were sent. */
  part: number;
  /** Bytes that were sent before and are still to be left out of the first line that is sent. */
  leaveOut: number;
  /**
   * Passes its next bytes on, or drops them.
   *
   * @param number the line's.
   * @param prefix what stands before it when it is sent.
   */
  pass(bytes: Buffer, decided: GoingLine, number: number, prefix: Buffer | undefined): void;
  /** It has ended. */
  end(): void;
}

/** The longest character. */
const CHARACTER_BYTES = 4;

/**
 * Makes the state of it.
 *
 * @param start where the first text begins, and how much of its line was sent.
 * @param resume where a filter goes on behind what is gathered.
 */
export function createGiantLine(
  { going, within, part }: Pick<GiantLine, "going" | "within" | "part">,
  gatherer: TextGatherer,
  resume: () => LineFilterResume,
): GiantLine {
  const line: GiantLine = {
    going,
    within,
    part,
    leaveOut: going === undefined ? part : Math.max(0, part - within),
    pass(bytes, { kind }, number, prefix) {
      if (kind === "dropped") {
        line.within += bytes.length;
        return;
      }
      const left = Math.min(line.leaveOut, bytes.length);
      line.leaveOut -= left;
      line.within += left;
      for (let at = left; at < bytes.length; ) {
        const before = line.within === 0 ? prefix : undefined;
        if ((before?.length ?? 0) + CHARACTER_BYTES > gatherer.room) gatherer.flush(resume);
        if (before !== undefined) gatherer.addPrefix(before);
        const piece = bytes.subarray(at, at + cutLength(bytes.subarray(at), gatherer.room));
        gatherer.add(piece, number, 1, kind === "context");
        at += piece.length;
        line.within += piece.length;
        line.part = line.within;
      }
    },
    end() {
      line.within = 0;
      line.part = 0;
      line.going = undefined;
    },
  };
  return line;
}
