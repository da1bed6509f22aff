import type { WrittenLine, WrittenLog } from "../../src/demo/written-log.ts";

/**
 * How a response is cut: the connection breaks, or it ends cleanly, as when a kubelet breaks off behind an API server.
 */
export type LogCut = "breaks" | "ends";

/** A response: its request, and what was sent of it. */
export interface LogAnswer {
  readonly query: Readonly<Record<string, string>>;
  readonly sent: string;
}

/** A container's log that is written by the test. Whether the container runs is up to its pod's status. */
export interface ScriptedPodLog extends WrittenLog {
  /** The responses so far, complete or not. */
  readonly answers: readonly LogAnswer[];
  /**
   * Writes lines, each with this time (RFC 3339 in UTC, up to nine fractional digits). The next text completes a
   * partial line.
   */
  append(time: string, text: string): void;
  /** Removes all lines except the last `keep`. */
  rotate(keep: number): void;
  /** Cuts all responses in progress. */
  cut(how: LogCut): void;
  /** Cuts one of the next responses after this many bytes. */
  cutAfter(bytes: number, how: LogCut): void;
  /** Settles when this many responses have begun. */
  untilAnswered(count: number): Promise<void>;
  /** Settles when this many responses have sent everything and wait for more. */
  untilWaiting(count: number): Promise<void>;
}

/** Creates an empty log. */
export function createScriptedPodLog(): ScriptedPodLog {
  let lines: WrittenLine[] = [];
  let count = 0;
  let waitingForMore = 0;
  let listeners = new Set<() => void>();
  const answers: { readonly query: Readonly<Record<string, string>>; sent: string }[] = [];
  const cuts: { readonly bytes: number; readonly how: LogCut }[] = [];
  let cutNow = Promise.withResolvers<LogCut>();

  const tell = (): void => {
    const told = listeners;
    listeners = new Set();
    for (const each of told) each();
  };
  const change = (): Promise<void> => new Promise((resolve) => void listeners.add(resolve));
  const end = (how: LogCut): undefined => {
    if (how === "breaks") throw new Error("The connection is cut.");
  };

  return {
    answers,
    lines: (from) => lines.filter(({ index }) => index >= from),
    async untilMore(next, signal) {
      if (count > next || signal.aborted) return;
      waitingForMore += 1;
      tell();
      const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      while (count <= next && !signal.aborted) await Promise.race([change(), aborted]);
      waitingForMore -= 1;
      tell();
    },
    async *through(pieces, query) {
      const answer = { query: Object.fromEntries(query), sent: "" };
      answers.push(answer);
      tell();
      const cut = cuts.shift();
      const cutting = cutNow.promise;
      const iterator = pieces[Symbol.asyncIterator]();
      let left = cut?.bytes ?? Number.POSITIVE_INFINITY;
      try {
        for (;;) {
          const next = await Promise.race([iterator.next(), cutting]);
          if (typeof next === "string") return end(next);
          if (next.done) return;
          const piece = next.value.subarray(0, left);
          left -= piece.length;
          // As bytes, because a cut may split a character.
          answer.sent += Buffer.from(piece).toString("latin1");
          yield piece;
          if (left === 0 && cut !== undefined) return end(cut.how);
        }
      } finally {
        // Not awaited: it may wait for more, which never comes.
        iterator.return?.()?.catch(() => {});
      }
    },
    append(time, text) {
      const [second = "", fraction = ""] = time.replace("Z", "").split(".");
      for (const line of text.split(/(?<=\n)/)) {
        lines.push({ index: count, time: `${second}.${fraction.padEnd(9, "0")}Z`, bytes: Buffer.from(line) });
        count += 1;
      }
      tell();
    },
    rotate(keep) {
      lines = keep === 0 ? [] : lines.slice(-keep);
    },
    cut(how) {
      cutNow.resolve(how);
      cutNow = Promise.withResolvers();
    },
    cutAfter: (bytes, how) => void cuts.push({ bytes, how }),
    async untilAnswered(wanted) {
      while (answers.length < wanted) await change();
    },
    async untilWaiting(wanted) {
      while (waitingForMore !== wanted) await change();
    },
  };
}
