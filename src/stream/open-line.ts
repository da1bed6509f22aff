import { cutLength } from "./characters.ts";
import type { FilterState } from "./filter-state.ts";
import { lineEnds } from "./line-ends.ts";
import type { GoingLine } from "./text-start.ts";
import type { WholeLines } from "./whole-lines.ts";

/** The line whose end has not come. As much of it is kept as is looked at; then it is decided on, and the rest of it goes out or is dropped as it comes. */
export interface OpenLine {
  /** How many of its bytes are kept. */
  readonly kept: number;
  /** Number of lines of which only the beginning was looked at. */
  readonly cutLines: number;
  /** Begins the line that begins at a place, which is too long or does not end in this text. Returns where to go on. */
  begin(bytes: Buffer, from: number): number;
  /** Goes on with the line whose beginning is kept. Returns where to go on. */
  fill(bytes: Buffer, from: number): number;
  /** Goes on with a line that is decided on. Returns where to go on. */
  goOn(bytes: Buffer, from: number, decided: GoingLine): number;
  /** The log is at its end: what is kept is a line. */
  end(): void;
}

const LINE_FEED = 0x0a;

/** @param lineBytes how much of a line is looked at. */
export function createOpenLine(state: FilterState, whole: WholeLines, lineBytes: number): OpenLine {
  const { window, giant, times, isBounded } = state;
  const { grep, timestamps } = state.options;
  let carry = Buffer.alloc(0);
  let carried = 0;
  /** Whether the source tells times, and the one that it tells of the line. */
  let timed = false;
  let ownTime: string | undefined;
  let cutLines = 0;

  const kindOf = (head: Buffer, time: string | undefined): GoingLine["kind"] => {
    if (state.isBefore(time)) return "dropped";
    if (grep === undefined) return "match";
    if (grep.matches.over(head).next(0) < head.length !== grep.invert) {
      state.sendHeld();
      return "match";
    }
    if (state.contextLeft > 0) return "context";
    window.add({ number: state.line, bytes: undefined, prefix: undefined, timeBefore: state.time });
    return "dropped";
  };
  /** Decides on the line by what is looked at of it. `undefined` where it ends all. */
  const decide = (head: Buffer): GoingLine | undefined => {
    const found = timed || !isBounded ? ownTime : state.findTime(head, 0, head.length);
    const time = found ?? state.time;
    if (state.isUntil(time)) {
      state.untilReached = true;
      return undefined;
    }
    giant.going = { kind: kindOf(head, time), time };
    return giant.going;
  };

  const keep = (bytes: Buffer): void => {
    if (carried + bytes.length > carry.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, 2 * (carried + bytes.length)));
      carry.copy(larger, 0, 0, carried);
      carry = larger;
    }
    carry.set(bytes, carried);
    carried += bytes.length;
    giant.within = carried;
  };
  const takeKept = (): Buffer => {
    const taken = carry.subarray(0, carried);
    // What was kept goes out as it is, so the next line gets another buffer.
    carry = Buffer.alloc(0);
    carried = 0;
    return taken;
  };

  const goOn: OpenLine["goOn"] = (bytes, from, decided) => {
    const feed = bytes.indexOf(LINE_FEED, from);
    const end = feed === -1 ? bytes.length : feed + 1;
    const prefix = giant.within === 0 ? state.prefixOf(decided.time, timed) : undefined;
    giant.pass(bytes.subarray(from, end), decided, state.line, prefix);
    if (feed === -1) return end;
    if (decided.kind === "match") state.contextLeft = grep?.after ?? 0;
    if (decided.kind === "context") state.contextLeft -= 1;
    state.dealtWith = state.line;
    if (isBounded || timestamps) state.time = decided.time;
    state.line += 1;
    giant.end();
    return end;
  };

  return {
    get kept() {
      return carried;
    },
    get cutLines() {
      return cutLines;
    },
    begin(bytes, from) {
      timed = times.told;
      ownTime = times.at(from);
      const head = bytes.subarray(from, from + lineBytes + 1);
      const atOnce = grep === undefined && (timed || !isBounded);
      if (!atOnce && head.length <= lineBytes) {
        keep(head);
        return bytes.length;
      }
      if (decide(head.subarray(0, cutLength(head, lineBytes))) === undefined) return bytes.length;
      if (!atOnce) cutLines += 1;
      return from;
    },
    fill(bytes, from) {
      const more = bytes.subarray(from, from + lineBytes + 1 - carried);
      const feed = more.indexOf(LINE_FEED);
      if (feed !== -1) {
        keep(more.subarray(0, feed + 1));
        lineEnds[0] = carried;
        whole.judge(takeKept(), 0, 1, timed, ownTime);
        return from + feed + 1;
      }
      keep(more);
      if (carried > lineBytes) {
        const head = takeKept();
        const decided = decide(head.subarray(0, cutLength(head, lineBytes)));
        if (decided === undefined) return bytes.length;
        cutLines += 1;
        giant.within = 0;
        goOn(head, 0, decided);
      }
      return from + more.length;
    },
    goOn,
    end() {
      if (carried === 0 || state.untilReached) return;
      const rest = takeKept();
      giant.within = 0;
      const decided = decide(rest);
      if (decided !== undefined) goOn(rest, 0, decided);
    },
  };
}
