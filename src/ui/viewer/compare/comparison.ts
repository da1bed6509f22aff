import type { Timer } from "../../../client/sleep.ts";
import type { LogStore } from "../store/log-store.ts";
import { blockPart } from "../store/query.ts";
import type { CompareAnswer, CompareTask, Side } from "./compare-task.ts";
import { createPairs, type Pairs } from "./pairs.ts";

/** A worker that answers each task, and can be killed during one. */
export interface ComparePort {
  post(task: CompareTask): void;
  end(): void;
}

export interface ComparisonOptions {
  readonly left: LogStore;
  readonly right: LogStore;
  readonly openPort: (answer: (answer: CompareAnswer) => void) => ComparePort;
  readonly timer: Timer;
  /** Called whenever the state changes. */
  readonly changed: () => void;
}

export type ComparisonState =
  /** Lines are still arriving. */
  | { readonly kind: "reading" }
  | { readonly kind: "comparing" }
  | { readonly kind: "done"; readonly pairs: Pairs }
  /** Given up after `COMPARE_MS`. */
  | { readonly kind: "too-slow" };

/** Compares two logs once both have been read. */
export interface Comparison {
  readonly state: ComparisonState;
  /** Sends lines that have been added to the logs. @param isOver whether both logs have ended. */
  update(isOver: boolean): void;
  close(): void;
}

/** Milliseconds after which a comparison is given up, counted from the end of both logs. */
const COMPARE_MS = 30_000;
/** Tasks in flight; limits how much of the logs is copied at once. */
const MAX_IN_FLIGHT = 8;

export function createComparison({ left, right, openPort, timer, changed }: ComparisonOptions): Comparison {
  const stores = { left, right };
  /** The first line of each side that is not sent yet. */
  const next = { left: 0, right: 0 };
  let state: ComparisonState = { kind: "reading" };
  let out = 0;
  let isOver = false;
  /** Whether the worker has been killed. */
  let closed = false;
  let stopTimer: (() => void) | undefined;

  const leave = (become: ComparisonState): void => {
    stopTimer?.();
    closed = true;
    port.end();
    state = become;
    changed();
  };

  const port = openPort((answer) => {
    if (closed) return;
    out -= 1;
    if (answer.kind === "compared") leave({ kind: "done", pairs: createPairs(answer, next.left, next.right) });
    else send();
  });

  const post = (task: CompareTask): void => {
    out += 1;
    port.post(task);
  };

  /** Sends the next lines of a side. @returns whether there were any. */
  const sendPiece = (side: Side): boolean => {
    const store = stores[side];
    const from = next[side];
    if (from >= store.ended) return false;
    const [gapFrom, gapTo] = store.gap;
    if (from >= gapFrom && from < gapTo) {
      next[side] = gapTo;
      post({ kind: "missing", side, count: gapTo - from });
      return true;
    }
    for (const { block, first } of store.blocks(from, store.ended)) {
      next[side] = first + block.numbers.length;
      post({ kind: "lines", side, text: blockPart(block, from - first).slice() });
      return true;
    }
    return false;
  };

  const send = (): void => {
    if (closed || state.kind !== "reading") return;
    // In turns, so that lines on both sides show early that times are not needed.
    let any = true;
    while (any && out + 1 < MAX_IN_FLIGHT) {
      const one = sendPiece("left");
      any = sendPiece("right") || one;
    }
    if (!isOver || any) return;
    state = { kind: "comparing" };
    post({ kind: "compare" });
    changed();
  };

  return {
    get state() {
      return state;
    },
    update(over) {
      if (over && !isOver) {
        isOver = true;
        stopTimer = timer(COMPARE_MS, () => leave({ kind: "too-slow" }));
      }
      send();
    },
    close() {
      stopTimer?.();
      closed = true;
      port.end();
    },
  };
}
