import { createWindow } from "../stream/window.ts";
import type { ContainerCursor } from "./container-cursor.ts";
import { LogReplaced } from "./text.ts";

type Sent = Pick<ContainerCursor, "sent" | "sentProof">;

/** Leaves out what was sent behind a position before: what was cut off by a limit in the middle of a piece. */
export interface SentSkip {
  /**
   * How many of the next bytes were sent.
   *
   * @throws LogReplaced where others were.
   */
  pass(bytes: Uint8Array): number;
  /** What is still to be left out, as a cursor says it. */
  readonly left: Sent;
  /** @throws LogReplaced where the log has ended and is shorter than what was sent of it. */
  end(): void;
}

export function createSentSkip({ sent = 0, sentProof }: Sent = {}): SentSkip {
  const window = createWindow();
  let left = sent;
  return {
    pass(bytes) {
      const skipped = Math.min(left, bytes.length);
      if (skipped === 0) return 0;
      left -= skipped;
      window.push(bytes.subarray(0, skipped));
      if (left === 0 && sentProof !== undefined && window.proof(sentProof.length).hash !== sentProof.hash) {
        throw new LogReplaced();
      }
      return skipped;
    },
    get left() {
      if (left === 0) return {};
      // Of fewer bytes than it was made of, it proves nothing.
      return sentProof !== undefined && left >= sentProof.length ? { sent: left, sentProof } : { sent: left };
    },
    end() {
      if (left > 0) throw new LogReplaced();
    },
  };
}
