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

/** A worker that answers tasks, and can be killed during one. */
export interface PatternPort {
  post(task: PatternTask): void;
  end(): void;
}

/** The environment of a search. */
export interface SearchOptions {
  readonly store: LogStore;
  /** Starts a worker that runs regular expressions. */
  readonly openPort: (answer: (answer: PatternAnswer) => void) => PatternPort;
  /** Calls back soon, after other pending work. */
  readonly soon: (call: () => void) => void;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly timer: Timer;
  /** Called whenever the result changes. */
  readonly changed: () => void;
}

export type SearchState =
  | { readonly kind: "none" }
  /** Lines are still being searched. */
  | { readonly kind: "running" }
  /** All lines so far have been searched. */
  | { readonly kind: "done" }
  | { readonly kind: "bad-pattern"; readonly message: string }
  /** The pattern was given up, after `SLOW_MS` for one part of the log. */
  | { readonly kind: "too-slow" };

/** Searches a log, including lines that are added later. */
export interface Search {
  /** The log that is searched. */
  readonly store: LogStore;
  readonly state: SearchState;
  /** Positions of the lines that match. */
  readonly matches: SortedLines;
  /** The number of lines that have been searched. */
  readonly searched: number;
  /** Sets what to find. A bad pattern changes nothing but the state. */
  set(query: Query): void;
  /** Searches the lines that have been added to the log. */
  resume(): void;
  /**
   * Where a text matches. For a regular expression this is empty at first: it is computed in the worker, and the result
   * changes when it arrives.
   */
  rangesIn(text: string): readonly MatchRange[];
  close(): void;
}

/** Milliseconds after which a pattern is given up. */
export const SLOW_MS = 1_000;
/** Milliseconds of the page's time to use at once. */
const SLICE_MS = 8;
/** Tasks in flight; limits how much of the log is copied at once. */
const MAX_IN_FLIGHT = 4;
/** The number of texts whose matches are cached. */
const MAX_CACHED = 2_000;

export function createSearch({ store, openPort, soon, now, timer, changed }: SearchOptions): Search {
  let query: Query = { q: "", re: false, ci: false };
  let state: SearchState = { kind: "none" };
  /** Set while the query is no pattern, such as a half-typed one: the results of the one before it stay. */
  let fault: SearchState | undefined;
  let matches = createSortedLines();
  let pattern: RegExp | undefined;
  /** The first line that is not searched yet. */
  let next = 0;
  /** Grows with each query: results for older ones are discarded. */
  let run = 0;
  let waiting = false;
  let port: PatternPort | undefined;
  let nextId = 0;
  let inFlight = 0;
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
    inFlight = 0;
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

  /** The next part of complete lines. */
  const nextPart = () => {
    for (const part of store.blocks(next, store.ended)) return part;
    return undefined;
  };

  const workHere = (of: number): void => {
    waiting = false;
    if (of !== run || pattern === undefined) return;
    const until = now() + SLICE_MS;
    const before = matches.count;
    for (let part = nextPart(); part !== undefined; part = nextPart()) {
      const { block, first } = part;
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
    while (inFlight < MAX_IN_FLIGHT) {
      const part = nextPart();
      if (part === undefined) break;
      const { block, first } = part;
      const from = Math.max(0, next - first);
      next = first + block.numbers.length;
      inFlight += 1;
      send({ text: blockPart(block, from).slice() }, ({ lines }) => {
        inFlight -= 1;
        for (const line of lines ?? []) matches.push(first + from + line);
        workThere(of);
      });
    }
    if (inFlight === 0) become("done");
    else changed();
  };

  const askRanges = (): void => {
    const texts = wanted;
    wanted = [];
    if (texts.length === 0 || pattern === undefined) return;
    send({ texts }, ({ ranges }) => {
      if (known.size > MAX_CACHED) known.clear();
      texts.forEach((text, index) => void known.set(text, ranges?.[index] ?? []));
      changed();
    });
  };

  return {
    store,
    get state() {
      return fault ?? state;
    },
    get matches() {
      return matches;
    },
    get searched() {
      return next;
    },
    set(asked) {
      const hadFault = fault !== undefined;
      fault = undefined;
      if (asked.q === query.q && asked.re === query.re && asked.ci === query.ci) {
        if (hadFault) changed();
        return;
      }
      let compiled: RegExp | undefined;
      try {
        if (asked.q !== "") compiled = compileQuery(asked);
      } catch (error) {
        fault = { kind: "bad-pattern", message: error instanceof Error ? error.message : String(error) };
        return changed();
      }
      run += 1;
      waiting = false;
      leave();
      known.clear();
      query = asked;
      matches = createSortedLines();
      next = 0;
      pattern = compiled;
      if (compiled === undefined) return become("none");
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
