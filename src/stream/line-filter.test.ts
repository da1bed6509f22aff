import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutLength } from "./characters.ts";
import { nulText } from "./line-controls.ts";
import { createLineFilter, type LineFilter } from "./line-filter.ts";
import {
  type FilteredText,
  type LineFilterOptions,
  type LineFilterStart,
  type LineRun,
  reachesBack,
  type TimedText,
} from "./line-filter-types.ts";
import { createLineMatcher, type LineMatcher } from "./line-matcher.ts";
import { TimeReader } from "./line-time.ts";
import { findLineTime } from "./line-times.ts";

type Grep = { readonly pattern: string; readonly invert?: boolean; readonly before?: number; readonly after?: number };

const grepFor = ({ pattern, invert = false, before = 0, after = 0 }: Grep) => ({
  matches: createLineMatcher({ pattern, fixed: true, ignoreCase: false }),
  invert,
  before,
  after,
});
const textOf = (outputs: readonly FilteredText[]) => Buffer.concat(outputs.map(({ bytes }) => bytes)).toString();
const linesOf = (outputs: readonly FilteredText[]) =>
  merge(outputs.flatMap(({ runs }) => runs)).map(
    ({ firstLine, count, context }) =>
      `${context ? "~" : ""}${firstLine}${count > 1 ? `-${firstLine + count - 1}` : ""}`,
  );

/** A matcher that needs yields after as many bytes, in the midst of a block too. */
const laborious = (matcher: LineMatcher, yieldBytes: number): LineMatcher => {
  let matchedBytes = 0;
  return {
    lineBytes: matcher.lineBytes,
    get needsYield() {
      return matchedBytes >= yieldBytes;
    },
    yielded() {
      matchedBytes -= yieldBytes;
    },
    search(lines) {
      const search = matcher.search(lines);
      return {
        next(from) {
          const hit = search.next(from);
          const feed = lines.indexOf(10, from);
          matchedBytes += (feed === -1 ? lines.length : feed) - from;
          return feed !== -1 && feed < hit && feed + 1 < lines.length && matchedBytes >= yieldBytes ? ~(feed + 1) : hit;
        },
      };
    },
  };
};

/** Filters a text at once. */
const push = (filter: LineFilter, text: TimedText): readonly FilteredText[] => {
  const pushed = filter.push(text);
  let step = pushed.next();
  while (!step.done) step = pushed.next();
  return step.value;
};

/** Filters a whole log in one text. */
const filter = (log: string, options: Partial<LineFilterOptions>, start: LineFilterStart = { line: 1 }) => {
  const made = createLineFilter({ timestamps: false, ...options }, start);
  return { made, outputs: [...push(made, { bytes: Buffer.from(log) }), ...made.end()] };
};

/** Runs as they would be had the outputs not been cut. */
function merge(runs: readonly LineRun[]): LineRun[] {
  const merged: { firstLine: number; count: number; context: boolean }[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    const next = last === undefined ? 0 : last.firstLine + last.count;
    if (last?.context === run.context && (run.firstLine === next || run.firstLine === next - 1)) {
      last.count = run.firstLine + run.count - last.firstLine;
    } else merged.push({ ...run });
  }
  return merged;
}

describe("createLineFilter", () => {
  const numbers = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

  it("sends the lines that match, with their numbers", () => {
    const { outputs } = filter(numbers, { grep: grepFor({ pattern: "f" }) });
    expect(textOf(outputs)).toBe("four\nfive\n");
    expect(linesOf(outputs)).toEqual(["4-5"]);
  });

  it("sends the lines that do not match if inverted", () => {
    const { outputs } = filter(numbers, { grep: grepFor({ pattern: "e", invert: true }) });
    expect(textOf(outputs)).toBe("two\nfour\nsix\n");
    expect(linesOf(outputs)).toEqual(["2", "4", "6"]);
  });

  it("sends lines of overlapping contexts once", () => {
    const { outputs } = filter(numbers, { grep: grepFor({ pattern: "t", before: 1, after: 2 }) });
    expect(textOf(outputs)).toBe("one\ntwo\nthree\nfour\nfive\n");
    expect(linesOf(outputs)).toEqual(["~1", "2-3", "~4-5"]);
  });

  it("keeps carriage returns, and a last line without a line feed", () => {
    const { outputs } = filter("a\r\nb\r\na", { grep: grepFor({ pattern: "a" }) });
    expect(textOf(outputs)).toBe("a\r\na");
    expect(linesOf(outputs)).toEqual(["1", "3"]);
  });

  it("counts from the line in which the text begins", () => {
    const { outputs } = filter("a\nb\na\n", { grep: grepFor({ pattern: "a" }) }, { line: 40 });
    expect(linesOf(outputs)).toEqual(["40", "42"]);
  });

  it("holds an incomplete line until it is decided, but no line that needs no decision", () => {
    const grep = createLineFilter({ timestamps: false, grep: grepFor({ pattern: "ab" }) }, { line: 1 });
    expect(push(grep, { bytes: Buffer.from("xa") })).toEqual([]);
    expect(textOf(push(grep, { bytes: Buffer.from("b\n") }))).toBe("xab\n");
    const all = createLineFilter({ timestamps: false }, { line: 1 });
    expect(textOf(push(all, { bytes: Buffer.from("50 %\r") }))).toBe("50 %\r");
    expect(all).toMatchObject({ done: 0, part: 5 });
  });

  it("puts the source's times before lines, once for each line", () => {
    const time = (second: number) => `2026-01-01T00:00:0${second}.000000000Z`;
    const made = createLineFilter({ timestamps: true }, { line: 1 });
    const outputs = [
      ...push(made, {
        bytes: Buffer.from("a\nb"),
        times: { starts: [0, 2], times: [time(1), time(2)] },
      }),
      ...push(made, { bytes: Buffer.from("c\nd\n"), times: { starts: [2], times: [time(3)] } }),
    ];
    expect(textOf(outputs)).toBe(`${time(1)} a\n${time(2)} bc\n${time(3)} d\n`);
  });

  it("omits lines outside of the range of times, and ends at the first line that is too late", () => {
    const log = [
      "x",
      "2026-01-01T00:00:01Z a",
      " more of a",
      "2026-01-01T00:00:02Z b",
      " more",
      "2026-01-01T00:00:03Z c",
    ];
    const { made, outputs } = filter(`${log.join("\n")}\nd\n`, {
      since: "2026-01-01T00:00:02.000000000Z",
      until: "2026-01-01T00:00:03.000000000Z",
    });
    expect(textOf(outputs)).toBe("2026-01-01T00:00:02Z b\n more\n");
    expect(linesOf(outputs)).toEqual(["4-5"]);
    expect(made.untilReached).toBe(true);
    expect(push(made, { bytes: Buffer.from("2026-01-01T00:00:02Z e\n") })).toEqual([]);
  });

  it("yields in the middle of a text for an expensive pattern", () => {
    const bytes = Buffer.from(`${"ab".repeat(50)}\n`.repeat(2_000));
    const stops = (pattern: string, fixed = false): number => {
      const matches = createLineMatcher({ pattern, fixed, ignoreCase: false });
      const grep = { matches, invert: false, before: 0, after: 0 };
      const [text, pushed] = [{ bytes }, createLineFilter({ timestamps: false, grep }, { line: 1 })];
      return [...pushed.push(text)].length;
    };
    // Each 256 bytes, of three whole lines.
    expect(stops("[ab]*a[ab]{480}$")).toBeGreaterThan(650);
    // Each kilobyte.
    expect(stops("(ab)+$")).toBeGreaterThan(180);
    // Lines without a digit are not matched at all.
    expect(stops("x.*took 7")).toBe(0);
    expect(stops("ab", true)).toBe(0);
  });

  it("searches less of a line for an expensive pattern, and counts it as cut", () => {
    const log = `${"ab".repeat(2_000)}x\n`;
    const grep = (pattern: string, fixed = false) => ({
      matches: createLineMatcher({ pattern, fixed, ignoreCase: fixed }),
      invert: false,
      before: 0,
      after: 0,
    });
    const hostile = filter(log, { grep: grep("[ab]*a[ab]{480}x") });
    expect(textOf(hostile.outputs)).toBe("");
    expect(hostile.made.cutLines).toBe(1);
    // Some 20 instructions; and a text of any length in any case.
    for (const each of [grep("(b|c)+x$"), grep(`${"ab".repeat(400)}x`, true)]) {
      const { made, outputs } = filter(log, { grep: each });
      expect(textOf(outputs)).toBe(log);
      expect(made.cutLines).toBe(0);
    }
  });

  it("does not use lines outside of the range of times as context", () => {
    const { outputs } = filter("2026-01-01T00:00:01Z a\n2026-01-01T00:00:02Z hit\n", {
      since: "2026-01-01T00:00:02.000000000Z",
      grep: grepFor({ pattern: "hit", before: 5 }),
    });
    expect(linesOf(outputs)).toEqual(["2"]);
  });

  it("searches a line behind any number of NULs, and sends them", () => {
    const nuls = 3 * 2 ** 20 + 7;
    const texts = [...Array.from({ length: 3 }, () => Buffer.alloc(2 ** 20)), Buffer.from(`${"\0".repeat(7)}started`)];
    const made = createLineFilter({ timestamps: false, grep: grepFor({ pattern: "]started" }) }, { line: 1 });
    const outputs = [...texts, Buffer.from("\nnext\n")].flatMap((bytes) => push(made, { bytes }));
    expect(textOf(outputs) === `${"\0".repeat(nuls)}started\n`).toBe(true);
    expect(made.cutLines).toBe(0);
    const since = filter(`${"\0".repeat(99_999)}2026-01-01T00:00:02Z started\n`, { since: "2026-01-01T00:00:01Z" });
    expect(textOf(since.outputs)).toHaveLength(99_999 + 29);
  });

  it("passes on a line of 50 MB as it arrives, decided by its beginning, and counts it as cut", () => {
    for (const [head, sent] of [
      ["hit", 800 * 65_536 + 4],
      ["miss", 0],
    ] as const) {
      const made = createLineFilter({ timestamps: false, grep: grepFor({ pattern: "hit" }) }, { line: 1 });
      let bytes = push(made, { bytes: Buffer.from(head) }).length;
      const piece = Buffer.alloc(65_536, "hit in the rest is not looked for, since it is too far ".repeat(2));
      for (let count = 0; count < 800; count += 1) {
        const filler = count === 0 ? Buffer.alloc(65_536, ".") : piece;
        const outputs = push(made, { bytes: filler });
        for (const output of outputs) {
          expect(output.bytes.length).toBeLessThanOrEqual(255 * 1024);
          expect(output.runs).toEqual([{ firstLine: 1, count: 1, context: false }]);
          bytes += output.bytes.length;
        }
      }
      for (const output of push(made, { bytes: Buffer.from("\nhit\n") })) bytes += output.bytes.length;
      expect(bytes).toBe(sent + (head === "hit" ? 4 : 4));
      expect(made.cutLines).toBe(1);
    }
  });

  it("returns no output of more than 255 KiB, and cuts none inside a character", () => {
    const log = `${"é".repeat(200_000)}\n${"short line\n".repeat(60_000)}`;
    const { outputs } = filter(log, { grep: grepFor({ pattern: "é", after: 50_000 }) });
    for (const { bytes } of outputs) {
      expect(bytes.length).toBeLessThanOrEqual(255 * 1024);
      expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).not.toThrow();
    }
    expect(linesOf(outputs)).toEqual(["1", "~2-50001"]);
    expect(textOf(outputs)).toBe(
      log
        .split("\n")
        .slice(0, 50_001)
        .map((line) => `${line}\n`)
        .join(""),
    );
  });

  it("does not send a line as context that was too long to hold", () => {
    const { outputs } = filter(`a\n${"x".repeat(70_000)}\nhit\n`, { grep: grepFor({ pattern: "hit", before: 2 }) });
    expect(linesOf(outputs)).toEqual(["~1", "3"]);
  });
});

// What the filter has to do, line by line over the whole log.

interface Line {
  readonly text: string;
  readonly time: string | undefined;
}

function expected(
  lines: readonly Line[],
  timed: boolean,
  options: LineFilterOptions,
): { text: string; runs: LineRun[] } {
  const { grep, since, until, lineBytes = 65_536 } = options;
  /** What is searched for a time and for the pattern: NULs count only in lines that are searched whole. */
  const headOf = (text: string): { head: Buffer; shown: Buffer } => {
    const whole = Buffer.from(text.replace(/\n$/, ""));
    if (whole.length <= lineBytes) return { head: whole, shown: whole };
    const parts = whole.toString().split(/(\0+)/);
    const kept = Buffer.from(parts.filter((_, index) => index % 2 === 0).join(""));
    const head = kept.subarray(0, cutLength(kept, lineBytes));
    let left = head.length;
    let shown = "";
    for (const [index, part] of parts.entries()) {
      if (index % 2 === 1) shown += nulText(part.length);
      else {
        const bytes = Buffer.from(part);
        shown += bytes.subarray(0, left).toString();
        if (bytes.length > left) break;
        left -= bytes.length;
      }
    }
    return { head, shown: Buffer.from(shown) };
  };
  const isLong = (text: string) => Buffer.byteLength(text.replace(/\n$/, "")) > lineBytes;
  let time: string | undefined;
  const considered: { number: number; text: string; time: string | undefined; match: boolean }[] = [];
  for (const [index, line] of lines.entries()) {
    const { head, shown } = headOf(line.text);
    time = (timed ? line.time : findLineTime(head, 0, head.length, new TimeReader("2026-12-31T00:00:00Z"))) ?? time;
    if (until !== undefined && time !== undefined && time >= until) break;
    if (since !== undefined && (time === undefined || time < since)) continue;
    const match =
      grep === undefined ||
      (shown.length > 0 || !isLong(line.text)
        ? grep.matches.search(Buffer.from(`${shown}\n`)).next(0) <= shown.length
        : false) !== grep.invert;
    considered.push({ number: index + 1, text: line.text, time, match });
  }
  const sent = considered.filter((line, index) => {
    if (line.match) return true;
    const around = (from: number, to: number) => considered.slice(Math.max(0, from), to).some(({ match }) => match);
    if (around(index - (grep?.after ?? 0), index)) return true;
    // A line that was too long to hold, or has no line feed and so is the last, stands before none.
    return !isLong(line.text) && around(index + 1, index + 1 + (grep?.before ?? 0));
  });
  return {
    text: sent
      .map((line) => (options.timestamps && timed && line.time !== undefined ? `${line.time} ${line.text}` : line.text))
      .join(""),
    runs: merge(sent.map(({ number, match }) => ({ firstLine: number, count: 1, context: !match }))),
  };
}

const second = fc.integer({ min: 0, max: 9 }).map((at) => `2026-01-01T00:00:0${at}.000000000Z`);
const word = fc.constantFrom(
  "a",
  "b",
  "é",
  "😀",
  "\r",
  "",
  "\0",
  "\0".repeat(50),
  "\x1b[1m",
  "2026-01-01T00:00:05Z ",
  "ab",
  "........",
);
const aLine = fc.record({
  text: fc
    .tuple(fc.option(second, { freq: 2 }), fc.array(word, { maxLength: 5 }))
    .map(([at, words]) => `${at === null ? "" : `${at} `}${words.join("")}`),
  time: fc.option(second, { nil: undefined }),
});
const someOptions = fc.record({
  grep: fc.option(
    fc.record({
      pattern: fc.constantFrom("a", "b", "é", "ab", "."),
      invert: fc.boolean(),
      before: fc.nat(3),
      after: fc.nat(3),
    }),
    { nil: undefined },
  ),
  since: fc.option(second, { nil: undefined }),
  until: fc.option(second, { nil: undefined }),
  timestamps: fc.boolean(),
  lineBytes: fc.option(fc.integer({ min: 4, max: 40 }), { nil: undefined }),
  outputBytes: fc.option(fc.constant(1), { nil: undefined }),
});
type SomeOptions = typeof someOptions extends fc.Arbitrary<infer T> ? T : never;
const optionsOf = ({ grep, since, until, timestamps, lineBytes, outputBytes }: SomeOptions): LineFilterOptions => ({
  timestamps,
  ...(grep === undefined ? {} : { grep: { ...grepFor(grep), matches: laborious(grepFor(grep).matches, 9) } }),
  ...(since === undefined ? {} : { since }),
  ...(until === undefined ? {} : { until }),
  ...(lineBytes === undefined ? {} : { lineBytes }),
  ...(outputBytes === undefined ? {} : { outputBytes }),
});
const someLog = fc.record({
  lines: fc.array(aLine, { maxLength: 14 }),
  lastFeed: fc.boolean(),
  timed: fc.boolean(),
  cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(400)), { minLength: 1 }),
});
type SomeLog = typeof someLog extends fc.Arbitrary<infer T> ? T : never;

/** A log as lines, and cut into texts between characters. */
function textsOf({ lines, lastFeed, timed, cuts }: SomeLog): { lines: Line[]; texts: TimedText[] } {
  const all = lines
    .map(({ text, time }, index) => ({ text: index === lines.length - 1 && !lastFeed ? text : `${text}\n`, time }))
    .filter(({ text }) => text !== "");
  const begins: { readonly at: number; readonly time: string }[] = [];
  let length = 0;
  for (const { text, time } of all) {
    if (time !== undefined) begins.push({ at: length, time });
    length += Buffer.byteLength(text);
  }
  const bytes = Buffer.from(all.map(({ text }) => text).join(""));
  const texts: TimedText[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = cutLength(bytes.subarray(at), cuts[turn % cuts.length] ?? 1) || cutLength(bytes.subarray(at), 4);
    const times = begins.filter((begin) => begin.at >= at && begin.at < at + size);
    texts.push({
      bytes: bytes.subarray(at, at + size),
      ...(timed && { times: { starts: times.map((begin) => begin.at - at), times: times.map(({ time }) => time) } }),
    });
    at += size;
  }
  return { lines: all, texts };
}

describe("createLineFilter, for any log, cut anywhere, and any options", () => {
  it("sends exactly what is selected", () => {
    fc.assert(
      fc.property(someLog, someOptions, (log, some) => {
        const { lines, texts } = textsOf(log);
        const options = optionsOf(some);
        const made = createLineFilter(options, { line: 1 });
        const outputs = [...texts.flatMap((text) => push(made, text)), ...made.end()];
        const wanted = expected(lines, log.timed, options);
        expect(textOf(outputs)).toBe(wanted.text);
        expect(merge(outputs.flatMap(({ runs }) => runs))).toEqual(wanted.runs);
      }),
      { numRuns: 5000 },
    );
  }, 20_000);

  it("resumes after any output, from any text that reaches back far enough, as if uninterrupted", () => {
    fc.assert(
      fc.property(someLog, someOptions, fc.nat(), fc.nat(), fc.boolean(), (log, some, atOutput, atStart, byState) => {
        const { texts } = textsOf(log);
        const options = optionsOf(some);
        const made = createLineFilter(options, { line: 1 });
        const starts = [];
        const points = [{ resume: { done: 0, part: 0, context: 0, time: undefined as string | undefined }, after: 0 }];
        const outputs: FilteredText[] = [];
        for (const text of texts) {
          starts.push(made.nextStart);
          for (const output of push(made, text)) {
            outputs.push(output);
            if (!byState) points.push({ resume: output.resume, after: outputs.length });
          }
          const { done, part, context, time } = made;
          if (byState) points.push({ resume: { done, part, context, time }, after: outputs.length });
          if (made.untilReached) break;
        }
        outputs.push(...made.end());

        const point = points[atOutput % points.length] ?? points[0];
        if (point === undefined) return;
        const usable = starts.flatMap((start, index) => (reachesBack(start, point.resume) ? [{ start, index }] : []));
        const chosen = usable[atStart % usable.length];
        if (chosen === undefined) return;
        const resumed = createLineFilter(options, { ...chosen.start, ...point.resume });
        const rest = [...texts.slice(chosen.index).flatMap((text) => push(resumed, text)), ...resumed.end()];
        const missing = outputs.slice(point.after);
        expect(textOf(rest)).toBe(textOf(missing));
        expect(merge(rest.flatMap(({ runs }) => runs))).toEqual(merge(missing.flatMap(({ runs }) => runs)));
      }),
      { numRuns: 10_000 },
    );
  }, 20_000);
});
