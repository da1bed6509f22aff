import { countFeeds } from "../stream/count.ts";
import type { FilteredText, LineRun } from "../stream/filtered-text.ts";
import { createLineFilter, type LineFilter, type LineFilterOptions } from "../stream/line-filter.ts";
import { reachesBack } from "../stream/text-start.ts";
import { proofOf, WINDOW_BYTES } from "../stream/window.ts";
import type { ContainerCursor } from "./container-cursor.ts";
import type { LogEvent, LogPiece, PassedLines } from "./event.ts";
import { dropLines } from "./line-runs.ts";
import type { Position } from "./position.ts";
import { createSentSkip } from "./sent-skip.ts";

/** A piece of what is sent. */
export interface SentPiece {
  readonly kind: "sent";
  readonly bytes: Uint8Array;
  /** The number of the line in which it begins. */
  readonly line: number;
  /** Its lines, where some may be missing between them. */
  readonly runs: readonly LineRun[] | undefined;
  readonly offset: number | undefined;
  readonly mediaType: string | undefined;
  /** Where to go on behind it, and where one would get it. */
  readonly cursor: ContainerCursor;
  readonly before: ContainerCursor;
}

/** What reading a log tells, once lines have been chosen. */
export type SelectedEvent =
  | Exclude<LogEvent, LogPiece | PassedLines>
  | SentPiece
  /** So much of the log was looked through, whether or not something of it was sent; `searching`: for what is to be sent, rather than to send it all. */
  | { readonly kind: "scanned"; readonly bytes: number; readonly searching: boolean; readonly cursor: ContainerCursor }
  | { readonly kind: "line-cut" }
  /** Much work was done, and more is to come: others may want their turn. */
  | { readonly kind: "turn" }
  | { readonly kind: "until-reached" };

/** Chooses the lines of one container's log that are sent. */
export interface LineSelector {
  /** To be read to its end before the next event. */
  take(event: LogEvent): Iterable<SelectedEvent>;
}

/** After these, what comes does not go on with the line before. */
const BREAKS: ReadonlySet<string> = new Set(["seam", "lines-lost", "pod-changed"]);

/**
 * Makes one.
 *
 * @param options how lines are chosen. Default: all of them.
 * @param from where it goes on.
 */
export function createLineSelector(
  options: LineFilterOptions | undefined,
  from: ContainerCursor | undefined,
): LineSelector {
  return options === undefined ? passLines(from) : filterLines(options, from);
}

function passLines(from: ContainerCursor | undefined): LineSelector {
  const skip = createSentSkip(from);
  return {
    *take(event) {
      if (event.kind === "passed") {
        const { bytes, after } = event;
        yield { kind: "scanned", bytes, searching: true, cursor: { position: after, ...skip.left } };
        return;
      }
      if (event.kind !== "text") {
        if (event.kind === "end") skip.end();
        yield event;
        return;
      }
      const { bytes, line, offset, mediaType, before, after } = event;
      const skipped = skip.pass(bytes);
      if (skipped < bytes.length) {
        yield {
          kind: "sent",
          bytes: bytes.subarray(skipped),
          line: line + countFeeds(bytes.subarray(0, skipped)),
          runs: undefined,
          offset: offset === undefined ? undefined : offset + skipped,
          mediaType,
          cursor: { position: after },
          before: { position: before, ...sentOf(bytes, skipped) },
        };
      }
      // What was only skipped is still behind the position that it was skipped from.
      yield { kind: "scanned", bytes: bytes.length, searching: false, cursor: { position: after, ...skip.left } };
    },
  };
}

function filterLines(options: LineFilterOptions, from: ContainerCursor | undefined): LineSelector {
  let filter: LineFilter | undefined;
  let resumed = from?.filter;
  const skip = createSentSkip(from);
  let cutTold = false;
  let mediaType: string | undefined;
  /** The texts that may have to be read again to go on, oldest first. */
  let starts: { readonly position: Position; readonly start: LineFilter["nextStart"] }[] = [];
  let line = 0;

  const cursorAt = ({ done, part, context, time }: FilteredText["resume"]): ContainerCursor => {
    const state = { done, part, context, time };
    const { position, start } = starts.findLast((each) => reachesBack(each.start, state)) ?? firstOf(starts);
    const { within, going } = start;
    return {
      position,
      filter: {
        done,
        part,
        context,
        ...(time !== undefined && { time }),
        ...(within !== undefined && { within }),
        ...(going !== undefined && {
          going: { kind: going.kind, ...(going.time !== undefined && { time: going.time }) },
        }),
      },
    };
  };

  const send = function* (
    current: LineFilter,
    outputs: readonly FilteredText[],
    begin: ContainerCursor,
  ): Generator<SelectedEvent> {
    let before = begin;
    for (const { bytes, runs, resume } of outputs) {
      const cursor = cursorAt(resume);
      const skipped = skip.pass(bytes);
      if (skipped < bytes.length) {
        const left = skipped === 0 ? runs : dropLines(runs, countFeeds(bytes.subarray(0, skipped)));
        yield {
          kind: "sent",
          bytes: bytes.subarray(skipped),
          line: left[0]?.firstLine ?? line,
          runs: left,
          offset: undefined,
          mediaType,
          cursor,
          before: { ...before, ...sentOf(bytes, skipped) },
        };
      }
      before = cursor;
    }
    if (current.cutLines > 0 && !cutTold) {
      cutTold = true;
      yield { kind: "line-cut" };
    }
  };

  return { take };

  function* take(event: LogEvent): Generator<SelectedEvent> {
    if (event.kind === "passed") {
      const { bytes, after } = event;
      const state = resumed && { filter: resumed };
      yield { kind: "scanned", bytes, searching: true, cursor: { position: after, ...state, ...skip.left } };
      return;
    }
    if (event.kind !== "text") {
      const isBreak = event.kind === "notice" && BREAKS.has(event.notice);
      if (filter !== undefined && (isBreak || event.kind === "end")) {
        yield* send(filter, filter.end(), cursorAt(filter));
        if (isBreak) filter = undefined;
      }
      if (event.kind === "end") skip.end();
      yield event;
      return;
    }
    line = event.line;
    mediaType = event.mediaType;
    if (filter === undefined) {
      const { going, time, within, ...state } = resumed ?? {};
      filter = createLineFilter(options, {
        line: event.line,
        ...state,
        ...(within !== undefined && { within }),
        ...(time !== undefined && { time }),
        ...(going !== undefined && { going: { kind: going.kind, time: going.time } }),
      });
      starts = [];
    }
    const start =
      resumed === undefined
        ? filter.nextStart
        : { line: event.line, within: resumed.within ?? 0, going: startGoing(resumed) };
    resumed = undefined;
    starts.push({ position: event.before, start });
    const before = cursorAt(filter);
    const pushed = filter.push(
      event.times === undefined
        ? { bytes: event.bytes }
        : {
            bytes: event.bytes,
            times: { starts: event.times.map(({ at }) => at), times: event.times.map(({ time }) => time) },
          },
    );
    let step = pushed.next();
    for (; !step.done; step = pushed.next()) yield { kind: "turn" };
    const outputs = step.value;
    yield* send(filter, outputs, before);
    if (filter.untilReached) {
      yield { kind: "until-reached" };
      return;
    }
    const state = { done: filter.done, part: filter.part, context: filter.context, time: filter.time };
    const needed = starts.findLastIndex((each) => reachesBack(each.start, state));
    if (needed > 0) starts = starts.slice(needed);
    yield {
      kind: "scanned",
      bytes: event.bytes.length,
      searching: true,
      cursor: { ...cursorAt(state), ...skip.left },
    };
  }
}

/** What a cursor at the beginning of these bytes has to say where the first of them were sent. */
function sentOf(bytes: Uint8Array, sent: number): Pick<ContainerCursor, "sent" | "sentProof"> {
  return sent === 0 ? {} : { sent, sentProof: proofOf(bytes.subarray(0, sent).subarray(-WINDOW_BYTES)) };
}

function startGoing({ going }: NonNullable<ContainerCursor["filter"]>) {
  return going && { kind: going.kind, time: going.time };
}

function firstOf<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error("A filter has been fed nothing yet.");
  return first;
}
