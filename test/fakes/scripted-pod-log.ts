import type { WrittenLine, WrittenLog } from "../../src/demo/written-log.ts";

/**
 * How an answer ends before its time: the connection breaks, or all looks well, as where a kubelet breaks off behind an
 * API server.
 */
export type LogCut = "breaks" | "ends";

/** One answer: how it was asked for, and what was sent of it. */
export interface LogAnswer {
  readonly query: Readonly<Record<string, string>>;
  readonly sent: string;
}

/** A container's log that a test writes, step by step. The container runs for as long as its pod's status says. */
export interface ScriptedPodLog extends WrittenLog {
  /** The answers so far, whole or not. */
  readonly answers: readonly LogAnswer[];
  /**
   * Writes text: one line, or several, each at this time (RFC 3339 in UTC, up to nine digits after the second). What
   * has no end is gone on with by the next.
   */
  append(time: string, text: string): void;
  /** Removes all but the last lines. */
  rotate(keep: number): void;
  /** Cuts all answers that are under way. */
  cut(how: LogCut): void;
  /** Cuts one of the next answers each, after as many bytes. */
  cutAfter(bytes: number, how: LogCut): void;
  /** Settles when as many answers wait for more, having sent all that there is. */
  untilWaiting(count: number): Promise<void>;
}

/** Makes a log with nothing in it. */
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
          // As bytes: a cut may go through a character.
          answer.sent += Buffer.from(piece).toString("latin1");
          yield piece;
          if (left === 0 && cut !== undefined) return end(cut.how);
        }
      } finally {
        // It may wait for more, which never comes: nobody waits for it.
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
    async untilWaiting(wanted) {
      while (waitingForMore !== wanted) await change();
    },
  };
}
