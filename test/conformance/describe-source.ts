import { createHash } from "node:crypto";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ReadRequest, readAll, readByClient } from "./client-read.ts";
import { expectBeginning, expectNoSplice, expectSame } from "./expect-log.ts";
import { append, type Given, move, replace } from "./given-log.ts";
import { lineAt, longLineAt, textOf, timeAt } from "./lines.ts";
import type { SourceWorld, StoredLog } from "./stored-log.ts";
import { type SourceUnderTest, startWorld, type World } from "./world.ts";

/** Enough lines for several pieces and, in a store that supports ranges, several parts. */
const LINES = 6_000;
/** A log of 80 MB, and the memory that reading it may take. Gateway, store and client share this process. */
const MANY_LINES = 200_000;
const MEMORY_BYTES = 40 * 1024 ** 2;
/** The seed of the cuts. */
const SEED = 20_261_130;

/** Runs every case that applies to a source, and prints the result in one line. */
export function describeSource(source: SourceUnderTest): void {
  const { name, capabilities, provesEnd, hidesEmpty = false } = source;
  const passed: string[] = [];
  const notApplicable: string[] = [];
  let cases = 0;
  let world: World;

  /** Declares a case. `needs`: the capabilities without which the case does not apply. */
  const check = (title: string, work: () => Promise<void>, needs = true): void => {
    if (needs) cases += 1;
    it(title, async ({ skip }) => {
      if (!needs) {
        notApplicable.push(title);
        skip(`not applicable: ${name} does not do that`);
      }
      await expect(work()).resolves.toBeUndefined();
      passed.push(title);
    });
  };

  /** Creates a run with a log of this many lines in `of`, by default in the source. */
  const given = (lines: number, own: SourceWorld = world.own): Given => {
    const run = world.ground.addRun();
    const log = own.log(run);
    append(log, 0, lines);
    return { run, log, request: { namespace: run.namespace, name: run.name } };
  };
  /** The same for a finished run. */
  const givenEnded = (lines: number, own?: SourceWorld): Given => {
    const made = given(lines, own);
    made.run.end();
    return made;
  };
  const read = (request: ReadRequest, options?: Parameters<typeof readAll>[2]) => readAll(world.url, request, options);
  const whole = provesEnd ? "COMPLETE" : "SOURCE_ENDED";

  describe(`the source ${name}`, () => {
    beforeAll(async () => {
      world = await startWorld(source);
    });
    afterAll(async () => {
      await world?.close();
      const left = notApplicable.map((title) => `; not applicable: ${title}`);
      process.stdout.write(`Source ${name}: ${passed.length} of ${cases} cases passed${left.join("")}\n`);
    });

    check("reads a whole log, and reports it as complete if the source can prove it", async () => {
      const { request } = givenEnded(LINES);
      const { text, firstLine, end, notices, error } = await read(request);
      expect({ firstLine, end, notices, error }).toEqual({ firstLine: 1, end: whole, notices: [], error: undefined });
      expectSame(text, textOf(0, LINES));
    });

    check("reads what a running job has written so far", async () => {
      const { text, end } = await read(given(20).request);
      expect({ text, end }).toEqual({ text: textOf(0, 20), end: "CAUGHT_UP" });
    });

    check("reads a number of lines from a line on", async () => {
      const { request } = givenEnded(LINES);
      const { text, firstLine, end } = await read({ ...request, firstLine: 4_321n, limitLines: 10n });
      expect({ firstLine, end }).toEqual({ firstLine: 4_321, end: "LIMIT_REACHED" });
      expect(text).toBe(textOf(4_320, 4_330));
    });

    check("reads the last lines", async () => {
      const { request } = givenEnded(LINES);
      expect((await read({ ...request, tailLines: 12n })).text).toBe(textOf(LINES - 12, LINES));
    });

    check(
      "requests little more than the last lines",
      async () => {
        const { request, log } = givenEnded(5 * LINES);
        await read({ ...request, tailLines: 12n });
        expect(log.sent).toBeLessThan(Buffer.byteLength(textOf(0, 5 * LINES)) / 2);
      },
      capabilities.tail || capabilities.ranges,
    );

    check(
      "reads the lines since a time",
      async () => {
        const { request } = givenEnded(LINES);
        expectSame((await read({ ...request, since: timestamp(timeAt(4_001)) })).text, textOf(4_001, LINES));
      },
      capabilities.tellsTimes,
    );

    check(
      "requests little more than the lines since a time",
      async () => {
        const { request, log } = givenEnded(LINES);
        await read({ ...request, since: timestamp(timeAt(LINES - 100)) });
        expect(log.sent).toBeLessThan(Buffer.byteLength(textOf(0, LINES)) / 2);
      },
      capabilities.since,
    );

    check(
      "reports the time of each line",
      async () => {
        const { text } = await read({ ...givenEnded(20).request, timestamps: true });
        const times = text.split("\n").flatMap((line) => (line === "" ? [] : [Date.parse(line.split(" ")[0] ?? "")]));
        expect(times).toEqual(Array.from({ length: 20 }, (_, index) => Date.parse(timeAt(index))));
      },
      capabilities.tellsTimes,
    );

    check("follows a growing log until its job has ended", async () => {
      const { request, run, log } = given(3);
      const following = readByClient(world.url, { ...request, follow: true });
      for (let line = 3; line < 12; line += 3) {
        await following.until(`line ${line - 1} `);
        append(log, line, line + 3);
      }
      await following.until("line 11 ");
      run.end();
      await following.done;
      const { text, end, notices } = following;
      expect({ text, end, notices }).toEqual({ text: textOf(0, 12), end: "COMPLETE", notices: [] });
    });

    check("follows a log from its last lines on", async () => {
      const { request, run, log } = given(100);
      const following = readByClient(world.url, { ...request, follow: true, tailLines: 2n });
      await following.until("line 99 ");
      append(log, 100, 102);
      await following.until("line 101 ");
      run.end();
      await following.done;
      expect(following.text).toBe(textOf(98, 102));
    });

    check("reads the same log wherever the store breaks off and the reader stops", async () => {
      const { request, log } = givenEnded(300);
      const wanted = textOf(0, 300);
      const bytes = Buffer.byteLength(wanted);
      const cuts = fc.array(fc.nat(bytes), { maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(cuts, fc.integer({ min: 1, max: bytes }), async (breaks, limit) => {
          log.trouble(...breaks.map((after) => ({ kind: "cut", after }) as const));
          const first = await read({ ...request, limitBytes: BigInt(limit) }, { resume: true });
          if (first.end !== "LIMIT_REACHED") return expectSame(first.text, wanted);
          const rest = await read({ ...request, cursor: first.cursor }, { resume: true });
          expectSame(first.text + rest.text, wanted);
        }),
        { numRuns: 15, seed: SEED, endOnFailure: true },
      );
    });

    check(
      "requests little more than what follows the position where it resumes",
      async () => {
        const { request, log } = givenEnded(LINES);
        const { cursor } = await read({ ...request, limitLines: BigInt(LINES - 100) });
        const before = log.sent;
        expect((await read({ ...request, cursor })).text).toBe(textOf(LINES - 100, LINES));
        expect(log.sent - before).toBeLessThan(Buffer.byteLength(textOf(0, LINES)) / 2);
      },
      capabilities.ranges || capabilities.since,
    );

    check("reads lines of the same time, wherever pages end and the reader stops", async () => {
      const { run, log, request } = given(0);
      // Pages of stores have a few thousand lines.
      for (let line = 0; line < LINES; line += 1) log.append(timeAt(Math.floor(line / 1_700)), lineAt(line));
      run.end();
      const { text, cursor } = await read({ ...request, limitLines: 4_000n });
      const rest = await read({ ...request, cursor });
      expectSame(text + rest.text, textOf(0, LINES));
      expectSame((await read({ ...request, tailLines: 2_000n })).text, textOf(LINES - 2_000, LINES));
    });

    check("closes the store's connection when a reader leaves before the response", async () => {
      const { request, log } = givenEnded(5);
      log.trouble({ kind: "no-headers" });
      await leave(request, log);
      expect((await read(request)).text).toBe(textOf(0, 5));
    });

    check("closes the store's connection when a reader leaves in the middle of the log", async () => {
      const { request, log } = givenEnded(50);
      log.trouble({ kind: "silent", after: 1_000 });
      await leave(request, log, "line 3 ");
    });

    check("ends with SOURCE_STALLED if the store stalls", async () => {
      const { own, url } = world.impatient;
      const { request, log } = givenEnded(50, own);
      log.trouble({ kind: "silent", after: 1_000 });
      const { text, end, error } = await readAll(url, request);
      expect({ end, error }).toEqual({ end: "SOURCE_STALLED", error: "DeadlineExceeded SOURCE_STALLED" });
      expectBeginning(text, textOf(0, 50));
      await log.untilAnswering(0);
    });

    check("ends with SOURCE_FAILED if the store breaks off", async () => {
      const { request, log } = givenEnded(50);
      log.trouble({ kind: "cut", after: 1_000 });
      const { text, end, error } = await read(request);
      expect({ end, error }).toEqual({ end: "SOURCE_FAILED", error: "Unavailable SOURCE_FAILED" });
      expectBeginning(text, textOf(0, 50));
    });

    check("reports a missing log", async () => {
      const { request, log } = givenEnded(5);
      log.remove();
      const { text, end, error } = await read(request);
      expect({ text, end, error }).toEqual({ text: "", end: undefined, error: "NotFound LOG_NOT_FOUND" });
    });

    check("distinguishes a store that refuses from a missing log", async () => {
      const { request, log } = givenEnded(5);
      log.trouble({ kind: "denied" });
      const { text, end, error } = await read(request);
      expect({ text, end, error }).toEqual({ text: "", end: undefined, error: "Internal BACKEND_REFUSED" });
    });

    check(
      "reads an empty log",
      async () => {
        const { text, end, error } = await read(givenEnded(0).request);
        expect({ text, end, error }).toEqual({ text: "", end: whole, error: undefined });
      },
      !hidesEmpty,
    );

    check(
      "reports that the followed log was replaced",
      async () => {
        const { request, run, log } = given(40);
        const following = readByClient(world.url, { ...request, follow: true });
        await following.until("line 39 ");
        replace(log);
        run.end();
        await following.done;
        expectNoSplice(following, textOf(0, 40));
      },
      // A live log only grows, or its container restarts, which starts another log.
      !capabilities.live,
    );

    check("does not resume in another log without a notice", async () => {
      const { request, run, log } = given(40);
      const { cursor, text } = await read({ ...request, limitLines: 30n });
      expect(text).toBe(textOf(0, 30));
      replace(log);
      run.end();
      expectNoSplice(await read({ ...request, cursor }), "");
    });

    for (const direction of ["to", "from"] as const) {
      const title = direction === "to" ? "hands a log over to another source" : "takes a log over from another source";
      /** A run whose log moves from the first source to the second. */
      const moving = () => {
        const { own, other, url } = world.pair;
        const [from, to] = direction === "to" ? [own, other] : [other, own];
        return { url, ...given(40, from), move: (made: Given) => move(made, to) };
      };

      check(`${title}, and resumes at the same line`, async () => {
        const { url, move: moveOn, ...made } = moving();
        const first = await readAll(url, { ...made.request, limitLines: 30n });
        moveOn(made);
        made.run.end();
        const rest = await readAll(url, { ...made.request, cursor: first.cursor });
        expect({ notices: rest.notices, error: rest.error }).toEqual({ notices: ["SOURCE_CHANGED"], error: undefined });
        expectSame(first.text + rest.text, textOf(0, 60));
      });

      check(`${title} while it is followed`, async () => {
        const { url, move: moveOn, ...made } = moving();
        const following = readByClient(url, { ...made.request, follow: true });
        await following.until("line 39 ");
        moveOn(made);
        made.run.end();
        await following.done;
        const { end, error, notices } = following;
        expect({ end, error }).toEqual({ end: "COMPLETE", error: undefined });
        expect(notices.filter((each) => each !== "WAITING")).toEqual(["SOURCE_CHANGED"]);
        expectSame(following.text, textOf(0, 60));
      });

      check(`${title} that lacks lines, and shows a seam where its numbers differ`, async () => {
        const { url, move: _, ...made } = moving();
        append(made.log, 40, 400);
        const first = await readAll(url, made.request);
        const log = (direction === "to" ? world.pair.other : world.pair.own).log(made.run);
        append(log, 0, 10);
        append(log, 50, 500);
        made.log.remove();
        made.run.end();
        const rest = await readAll(url, { ...made.request, cursor: first.cursor });
        expect({ notices: rest.notices, firstLine: rest.firstLine }).toEqual({ notices: ["SEAM"], firstLine: 361 });
        expectSame(first.text + rest.text, textOf(0, 500));
      });

      // Not every store has half a line.
      if (direction === "from") {
        check(`${title} in the middle of a line`, async () => {
          const { url, move: _, ...made } = moving();
          made.log.append(timeAt(40), "half of a ");
          const first = await readAll(url, made.request);
          const log = world.pair.own.log(made.run);
          append(log, 0, 40);
          log.append(timeAt(40), "half of a line\n");
          append(log, 41, 50);
          made.log.remove();
          made.run.end();
          const rest = await readAll(url, { ...made.request, cursor: first.cursor });
          expect(rest.notices).toEqual(["SOURCE_CHANGED"]);
          expectSame(first.text + rest.text, `${textOf(0, 40)}half of a line\n${textOf(41, 50)}`);
        });
      }

      check(`${title}, and shows a seam if the text differs`, async () => {
        const { url, move: _, ...made } = moving();
        const first = await readAll(url, made.request);
        const to = direction === "to" ? world.pair.other : world.pair.own;
        const log = to.log(made.run);
        made.log.remove();
        log.append(timeAt(0), "another\nlog\n".repeat(30));
        made.run.end();
        const rest = await readAll(url, { ...made.request, cursor: first.cursor });
        expect(rest.notices).toContain("SEAM");
      });
    }

    check("reads a large log in constant memory", async () => {
      const { request, log } = givenEnded(0);
      log.generate(MANY_LINES / 8);
      await read(request, { onBytes: () => {} });
      log.generate(MANY_LINES);
      const wanted = createHash("sha256");
      for (let line = 0; line < MANY_LINES; line += 1) wanted.update(longLineAt(line));
      const got = createHash("sha256");
      const before = process.memoryUsage().rss;
      let most = 0;
      const { end } = await read(request, {
        onBytes: (piece) => {
          got.update(piece);
          most = Math.max(most, process.memoryUsage().rss - before);
        },
      });
      expect(end).toBeDefined();
      expect(got.digest("hex")).toBe(wanted.digest("hex"));
      expect(most).toBeLessThan(MEMORY_BYTES);
    });
  });

  /** Reads until this text has arrived or the store is answering, then leaves. */
  async function leave(request: ReadRequest, log: StoredLog, after?: string): Promise<void> {
    const leaving = new AbortController();
    const reading = readByClient(world.url, request, { signal: leaving.signal });
    await log.untilAnswering(1);
    if (after !== undefined) await reading.until(after);
    leaving.abort();
    await reading.done;
    await log.untilAnswering(0);
  }
}

function timestamp(time: string): Timestamp {
  return timestampFromMs(Date.parse(time));
}
