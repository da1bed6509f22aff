import type { FilterState } from "./filter-state.ts";
import { lineEnds } from "./line-ends.ts";

/** Judges lines that have all come. */
export interface WholeLines {
  /**
   * Sends those of a block that are asked for.
   *
   * @param bytes a text that holds the block. The ends of its lines are in `lineEnds`.
   * @param from where its first line begins, which is the one that comes next.
   * @param count how many lines it has.
   * @param timed whether the source tells times.
   * @param own the time that the source tells of its only line. Default: what the source tells of each.
   */
  judge(bytes: Buffer, from: number, count: number, timed: boolean, own?: string): void;
}

export function createWholeLines(state: FilterState): WholeLines {
  const { gatherer, window, giant, times, isBounded } = state;
  const { grep, timestamps } = state.options;
  const usesTimes = isBounded || timestamps;
  const before = grep?.before ?? 0;
  const after = grep?.after ?? 0;
  /** The times of the lines of a block. */
  let blockTimes: (string | undefined)[] = [];

  const judge: WholeLines["judge"] = (bytes, from, count, timed, own) => {
    const first = state.line;
    const timeAtStart = state.time;
    const startOf = (index: number): number => (index === 0 ? from : (lineEnds[index - 1] ?? from));
    const timeBefore = (index: number): string | undefined =>
      !usesTimes || index === 0 ? timeAtStart : blockTimes[index - 1];
    /** All lines before this one are dealt with. */
    const settle = (index: number): void => {
      state.dealtWith = first + index - 1;
      state.time = timeBefore(index);
      giant.part = 0;
    };

    const send = (begin: number, stop: number, context: boolean): void => {
      for (let index = begin; index < stop; ) {
        settle(index);
        let next = index + 1;
        if (timestamps || giant.leaveOut > 0) {
          const prefix = state.prefixOf(timeBefore(next), timed);
          state.addLine(bytes.subarray(startOf(index), startOf(next)), first + index, context, prefix);
        } else {
          state.makeRoom(startOf(next) - startOf(index));
          const last = startOf(index) + gatherer.room;
          if (startOf(stop) <= last) next = stop;
          else while (startOf(next + 1) <= last) next += 1;
          gatherer.add(bytes.subarray(startOf(index), startOf(next)), first + index, next - index, context);
        }
        state.contextLeft = context ? state.contextLeft - (next - index) : after;
        index = next;
        settle(index);
      }
    };
    const match = (begin: number, stop: number): void => {
      if (begin === stop) return;
      settle(begin);
      state.sendHeld();
      send(begin, stop, false);
    };
    const pass = (begin: number, stop: number): void => {
      if (begin === stop) return;
      const held = begin + Math.min(state.contextLeft, stop - begin);
      send(begin, held, true);
      for (let index = Math.max(held, stop - before); index < stop; index += 1) {
        window.add({
          number: first + index,
          bytes: bytes.subarray(startOf(index), startOf(index + 1)),
          prefix: state.prefixOf(timeBefore(index + 1), timed),
          timeBefore: timeBefore(index),
        });
      }
      settle(stop);
    };
    /** Lines that are not left out for their time. */
    const choose = (begin: number, stop: number): void => {
      if (grep === undefined) {
        match(begin, stop);
        return;
      }
      const [hit, miss] = grep.invert ? [pass, match] : [match, pass];
      const offset = startOf(begin);
      const hits = grep.matches.over(bytes.subarray(offset, startOf(stop)));
      // Hits that follow one another go on together.
      let hitsFrom = begin;
      for (let index = begin; index < stop; ) {
        const place = offset + hits.next(startOf(index) - offset);
        let found = index;
        while (found < stop && startOf(found + 1) <= place) found += 1;
        if (found > index) {
          hit(hitsFrom, index);
          miss(index, found);
          hitsFrom = found;
        }
        index = Math.min(found + 1, stop);
      }
      hit(hitsFrom, stop);
    };
    /** Chooses among the lines by their times; returns how many come before the end of all. */
    const chooseByTime = (): number => {
      blockTimes = [];
      let begin = 0;
      let stop = count;
      let latest = state.time;
      for (let index = 0; index < count; index += 1) {
        const told = own ?? times.at(startOf(index));
        const found = timed || !isBounded ? told : state.findTime(bytes, startOf(index), startOf(index + 1) - 1);
        const time = found ?? latest;
        if (state.isUntil(time)) {
          state.untilReached = true;
          stop = index;
          break;
        }
        latest = time;
        blockTimes.push(time);
        if (!state.isBefore(time)) continue;
        choose(begin, index);
        begin = index + 1;
        settle(begin);
      }
      if (begin < stop) choose(begin, stop);
      return stop;
    };

    if (!usesTimes) choose(0, count);
    const stop = usesTimes ? chooseByTime() : count;
    settle(stop);
    state.line = first + stop;
    giant.within = 0;
  };
  return { judge };
}
