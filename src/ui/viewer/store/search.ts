import type { Timer } from "../../../client/sleep.ts";
import type { LogStore } from "./log-store.ts";
import type { PatternAnswer, PatternTask } from "./pattern-task.ts";
import {
  blockPart,
  blockText,
  compileQuery,
  type MatchRange,
  matchingLines,
  matchRanges,
  type Query,
} from "./query.ts";
import { createSortedLines, type SortedLines } from "./sorted-lines.ts";

/** Something that answers tasks elsewhere, and can be ended while it is at one. */
export interface PatternPort {
  post(task: PatternTask): void;
  end(): void;
}

/** What a search is told from outside. */
export interface SearchOptions {
  readonly store: LogStore;
  /** Makes a place where regular expressions run. */
  readonly openPort: (answer: (answer: PatternAnswer) => void) => PatternPort;
  /** Calls back soon, when what waits has had its turn. */
  readonly soon: (call: () => void) => void;
  /** Milliseconds that pass. */
  readonly now: () => number;
  readonly timer: Timer;
  /** Called at each change of the result. */
  readonly changed: () => void;
}

export type SearchState =
  | { readonly kind: "none" }
  /** Lines are still being looked through. */
  | { readonly kind: "running" }
  /** All lines that there are have been looked through. */
  | { readonly kind: "done" }
  | { readonly kind: "bad-pattern"; readonly message: string }
  /** The pattern was given up, after `SLOW_MS` for one stretch of the log. */
  | { readonly kind: "too-slow" };

/** Looks for a query in a log, also in what is added to it. */
export interface Search {
  /** Where it looks. */
  readonly store: LogStore;
  readonly state: SearchState;
  /** Positions of the lines that match. */
  readonly matches: SortedLines;
  set(query: Query): void;
  /** Goes on with what has been added to the log. */
  resume(): void;
  /**
   * Where a text matches. Of a regular expression nothing is known at first: it is asked for, and the result changes
   * when it has come.
   */
  rangesIn(text: string): readonly MatchRange[];
  close(): void;
}

/** Milliseconds after which a pattern is given up. */
export const SLOW_MS = 1_000;
/** Milliseconds of a thread's time that are taken at once. */
const SLICE_MS = 8;
/** Tasks that are out at once: so much of the log is copied. */
const MOST_OUT = 4;
/** Texts whose matches are remembered. */
const MOST_KNOWN = 2_000;

export function createSearch({ store, openPort, soon, now, timer, changed }: SearchOptions): Search {
  let query: Query = { q: "", re: false, ci: false };
  let state: SearchState = { kind: "none" };
  let matches = createSortedLines();
  let pattern: RegExp | undefined;
  /** The first line that has not been looked at. */
  let next = 0;
  /** Grows with each query: what was begun for an older one comes to nothing. */
  let run = 0;
  let waiting = false;
  let port: PatternPort | undefined;
  let nextId = 0;
  let outStretches = 0;
  let stopTimer: (() => void) | undefined;
  const out = new Map<number, (answer: PatternAnswer) => void>();
  const known = new Map<string, readonly MatchRange[]>();
  let wanted: string[] = [];

  const become = (kind: "none" | "running" | "done"): void => {
    state = { kind };
    changed();
  };

  const leave = (): void => {
    stopTimer?.();
    stopTimer = undefined;
    port?.end();
    port = undefined;
    out.clear();
    outStretches = 0;
    wanted = [];
  };

  const giveUp = (): void => {
    leave();
    pattern = undefined;
    state = { kind: "too-slow" };
    changed();
  };

  const watch = (): void => {
    stopTimer?.();
    stopTimer = out.size > 0 ? timer(SLOW_MS, giveUp) : undefined;
  };

  const send = (
    task: { text: Uint8Array<ArrayBuffer> } | { texts: readonly string[] },
    then: (answer: PatternAnswer) => void,
  ): void => {
    port ??= openPort((answer) => {
      const take = out.get(answer.id);
      out.delete(answer.id);
      watch();
      take?.(answer);
    });
    nextId += 1;
    out.set(nextId, then);
    if (stopTimer === undefined) watch();
    port.post({ id: nextId, query, ...task });
  };

  /** The next stretch of lines that have ended. */
  const nextStretch = () => {
    for (const stretch of store.blocks(next, store.ended)) return stretch;
    return undefined;
  };

  const workHere = (of: number): void => {
    waiting = false;
    if (of !== run || pattern === undefined) return;
    const until = now() + SLICE_MS;
    const before = matches.count;
    for (let stretch = nextStretch(); stretch !== undefined; stretch = nextStretch()) {
      const { block, first } = stretch;
      const from = Math.max(0, next - first);
      matchingLines(blockText(block, from), pattern, true, (line) => matches.push(first + from + line));
      next = first + block.numbers.length;
      if (now() < until) continue;
      if (matches.count !== before) changed();
      workSoon();
      return;
    }
    become("done");
  };

  const workSoon = (): void => {
    if (waiting) return;
    waiting = true;
    const of = run;
    soon(() => (query.re ? workThere(of) : workHere(of)));
  };

  const workThere = (of: number): void => {
    waiting = false;
    if (of !== run || pattern === undefined) return;
    while (outStretches < MOST_OUT) {
      const stretch = nextStretch();
      if (stretch === undefined) break;
      const { block, first } = stretch;
      const from = Math.max(0, next - first);
      next = first + block.numbers.length;
      outStretches += 1;
      send({ text: blockPart(block, from).slice() }, ({ lines }) => {
        outStretches -= 1;
        for (const line of lines ?? []) matches.push(first + from + line);
        workThere(of);
      });
    }
    if (outStretches === 0) become("done");
    else changed();
  };

  const askRanges = (): void => {
    const texts = wanted;
    wanted = [];
    if (texts.length === 0 || pattern === undefined) return;
    send({ texts }, ({ ranges }) => {
      if (known.size > MOST_KNOWN) known.clear();
      texts.forEach((text, index) => void known.set(text, ranges?.[index] ?? []));
      changed();
    });
  };

  return {
    store,
    get state() {
      return state;
    },
    get matches() {
      return matches;
    },
    set(asked) {
      if (asked.q === query.q && asked.re === query.re && asked.ci === query.ci) return;
      run += 1;
      waiting = false;
      leave();
      known.clear();
      query = asked;
      matches = createSortedLines();
      next = 0;
      pattern = undefined;
      if (asked.q === "") return become("none");
      try {
        pattern = compileQuery(asked);
      } catch (error) {
        state = { kind: "bad-pattern", message: error instanceof Error ? error.message : String(error) };
        return changed();
      }
      become("running");
      workSoon();
    },
    resume() {
      if (pattern === undefined) return;
      matches.remove(...store.gap);
      if (next >= store.ended) return;
      if (state.kind === "done") state = { kind: "running" };
      workSoon();
    },
    rangesIn(text) {
      if (pattern === undefined || text === "") return [];
      if (!query.re) return matchRanges(text, pattern);
      const ranges = known.get(text);
      if (ranges !== undefined) return ranges;
      if (wanted.length === 0) soon(askRanges);
      if (!wanted.includes(text)) wanted.push(text);
      return [];
    },
    close() {
      run += 1;
      pattern = undefined;
      leave();
    },
  };
}
