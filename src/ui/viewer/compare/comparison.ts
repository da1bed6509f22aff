import type { Timer } from "../../../client/sleep.ts";
import type { LogStore } from "../store/log-store.ts";
import { blockPart } from "../store/query.ts";
import type { CompareAnswer, CompareTask, Side } from "./compare-task.ts";
import { createPairs, type Pairs } from "./pairs.ts";

/** Something that answers each task, and can be ended while it is at one. */
export interface ComparePort {
  post(task: CompareTask): void;
  end(): void;
}

export interface ComparisonOptions {
  readonly left: LogStore;
  readonly right: LogStore;
  readonly openPort: (answer: (answer: CompareAnswer) => void) => ComparePort;
  readonly timer: Timer;
  /** Called at each change of the state. */
  readonly changed: () => void;
}

export type ComparisonState =
  /** Lines are still coming. */
  | { readonly kind: "reading" }
  | { readonly kind: "comparing" }
  | { readonly kind: "done"; readonly pairs: Pairs }
  /** Given up after `COMPARE_MS`. */
  | { readonly kind: "too-slow" };

/** Compares two logs, once all of both has come. */
export interface Comparison {
  readonly state: ComparisonState;
  /** Goes on with what has been added to the logs. @param isOver whether nothing more comes. */
  goOn(isOver: boolean): void;
  close(): void;
}

/** Milliseconds after which comparing is given up, counted from when all of both logs is there. */
const COMPARE_MS = 30_000;
/** Tasks that are out at once: so much of the logs is copied. */
const MOST_OUT = 8;

export function createComparison({ left, right, openPort, timer, changed }: ComparisonOptions): Comparison {
  const stores = { left, right };
  /** The first line of each side that has not been sent. */
  const next = { left: 0, right: 0 };
  let state: ComparisonState = { kind: "reading" };
  let out = 0;
  let isOver = false;
  /** Whether the worker has been ended. */
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

  /** Sends a piece of a side. @returns whether there was one. */
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
    // By turns: what both sides have shows early that times are not wanted.
    let any = true;
    while (any && out + 1 < MOST_OUT) {
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
    goOn(over) {
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
