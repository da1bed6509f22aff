import { type ContextWindow, createContextWindow } from "./context-window.ts";
import { createTextGatherer, type LineFilterResume, type TextGatherer } from "./filtered-text.ts";
import { createGiantLine, type GiantLine } from "./giant-line.ts";
import type { LineFilterOptions, LineFilterStart } from "./line-filter.ts";
import { findLineTime } from "./line-time.ts";
import { createSourceTimes, type SourceTimes } from "./source-times.ts";

/** Where a filter is in its log, and how lines go out: what is shared by those who judge whole lines and the line that is open. */
export interface FilterState {
  readonly options: LineFilterOptions;
  readonly gatherer: TextGatherer;
  /** Lines that may be context of a match to come. */
  readonly window: ContextWindow;
  readonly giant: GiantLine;
  readonly times: SourceTimes;
  /** Whether lines are left out by their times, so that times are looked for in lines where the source tells none. */
  readonly isBounded: boolean;
  /** The number of the line that comes next, or is open. */
  line: number;
  /** The last line that was dealt with, apart from those that the window holds. */
  dealtWith: number;
  /** How many lines are still context of the last match. */
  contextLeft: number;
  /** The time in effect before the line. */
  time: string | undefined;
  untilReached: boolean;
  /** Where a filter goes on behind what is gathered. */
  resume(): LineFilterResume;
  /** The time that stands in a part of a text; `undefined` where there is none. */
  findTime(bytes: Buffer, from: number, to: number): string | undefined;
  /** Whether a line of this time is one that `until` leaves out, and with it all that follows. */
  isUntil(time: string | undefined): boolean;
  /** Whether `since` leaves out a line of this time. */
  isBefore(time: string | undefined): boolean;
  /** What stands before a line. Times that were found in lines are not put there once more. */
  prefixOf(time: string | undefined, timed: boolean): Buffer | undefined;
  /** Ends the output that is being gathered where so much does not fit. */
  makeRoom(bytes: number): void;
  /** Sends a line, but for what of it was sent before. */
  addLine(bytes: Uint8Array, number: number, context: boolean, prefix: Uint8Array | undefined): void;
  /** Sends the lines that are held: a match has come. */
  sendHeld(): void;
}

/** @param outputBytes how large an output is at most. */
export function createFilterState(
  options: LineFilterOptions,
  start: LineFilterStart,
  outputBytes: number,
): FilterState {
  const { grep, since, until, timestamps } = options;
  const year = options.year ?? new Date().getUTCFullYear();
  const gatherer = createTextGatherer(outputBytes);
  const window = createContextWindow(grep?.before ?? 0);
  const passOver = start.done ?? start.line - 1;
  const { within = 0, part = 0 } = start;
  const resume = (): LineFilterResume => {
    const held = window.first;
    return held === undefined
      ? { done: state.dealtWith, part: giant.part, context: state.contextLeft, time: state.time }
      : { done: held.number - 1, part: 0, context: 0, time: held.timeBefore };
  };
  const giant = createGiantLine(
    { going: start.line > passOver ? start.going : undefined, within, part },
    gatherer,
    resume,
  );
  const makeRoom = (bytes: number): void => {
    if (bytes > gatherer.room) gatherer.flush(resume);
  };
  const addLine: FilterState["addLine"] = (bytes, number, context, prefix) => {
    if (giant.leaveOut > 0) {
      const rest = bytes.subarray(Math.min(giant.leaveOut, bytes.length));
      giant.leaveOut = 0;
      makeRoom(rest.length);
      if (rest.length > 0) gatherer.add(rest, number, 1, context);
      return;
    }
    makeRoom(bytes.length + (prefix?.length ?? 0));
    if (prefix !== undefined) gatherer.addPrefix(prefix);
    gatherer.add(bytes, number, 1, context);
  };

  const state: FilterState = {
    options,
    gatherer,
    window,
    giant,
    times: createSourceTimes(),
    isBounded: since !== undefined || until !== undefined,
    line: start.line,
    dealtWith: passOver,
    contextLeft: start.context ?? 0,
    time: start.time,
    untilReached: false,
    resume,
    findTime: (bytes, from, to) => findLineTime(bytes, from, to, year),
    isUntil: (time) => until !== undefined && time !== undefined && time >= until,
    isBefore: (time) => since !== undefined && (time === undefined || time < since),
    prefixOf: (time, timed) => (timestamps && timed && time !== undefined ? Buffer.from(`${time} `) : undefined),
    makeRoom,
    addLine,
    sendHeld() {
      for (let held = window.first; held !== undefined; held = window.first) {
        // It goes out before it is let go: an output that ends before it has to begin with it again.
        if (held.bytes !== undefined) addLine(held.bytes, held.number, true, held.prefix);
        window.take();
      }
    },
  };
  return state;
}
