import { createHash } from "node:crypto";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ReadRequest, readAll, readByClient } from "./client-read.ts";
import { expectBeginning, expectNoSplice, expectSame } from "./expect-log.ts";
import { append, type Given, move, replace } from "./given-log.ts";
import { longLineAt, textOf, timeAt } from "./lines.ts";
import type { SourceWorld, StoredLog } from "./stored-log.ts";
import { type SourceUnderTest, startWorld, type World } from "./world.ts";

/** So many lines are several pieces and, in a store that gives parts, several parts. */
const LINES = 6_000;
/** A log of 64 MiB, and what reading it may take of the memory: gateway, store and client are in one process here. */
const MANY_LINES = 65_536;
const MEMORY_BYTES = 40 * 1024 ** 2;
/** The same cuts each time. */
const SEED = 20_261_130;

/** Runs a source through every case that applies to it, and says in one line what came of that. */
export function describeSource(source: SourceUnderTest): void {
  const { name, capabilities, provesEnd } = source;
  const passed: string[] = [];
  const notApplicable: string[] = [];
  let cases = 0;
  let world: World;

  /** Declares a case. `needs`: what the source has to be able to do, else the case is not applicable. */
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

  /** A run, and its log of so many lines in the source, or in this one. */
  const given = (lines: number, own: SourceWorld = world.own): Given => {
    const run = world.ground.addRun();
    const log = own.log(run);
    append(log, 0, lines);
    return { run, log, request: { namespace: run.namespace, name: run.name } };
  };
  /** The same of a run that has ended. */
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

    check("reads a whole log, and says that it is all as far as it can", async () => {
      const { request } = givenEnded(LINES);
      const { text, firstLine, end, notices, error } = await read(request);
      expect({ firstLine, end, notices, error }).toEqual({ firstLine: 1, end: whole, notices: [], error: undefined });
      expectSame(text, textOf(0, LINES));
    });

    check("reads what a job that runs has written so far", async () => {
      const { text, end } = await read(given(20).request);
      expect({ text, end }).toEqual({ text: textOf(0, 20), end: "CAUGHT_UP" });
    });

    check("reads from a line on, as many lines as are asked for", async () => {
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
      "asks the store for little more than the last lines",
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
      "asks the store for little more than the lines since a time",
      async () => {
        const { request, log } = givenEnded(LINES);
        await read({ ...request, since: timestamp(timeAt(LINES - 100)) });
        expect(log.sent).toBeLessThan(Buffer.byteLength(textOf(0, LINES)) / 2);
      },
      capabilities.since,
    );

    check(
      "tells when each line was written",
      async () => {
        const { text } = await read({ ...givenEnded(20).request, timestamps: true });
        const times = text.split("\n").flatMap((line) => (line === "" ? [] : [Date.parse(line.split(" ")[0] ?? "")]));
        expect(times).toEqual(Array.from({ length: 20 }, (_, index) => Date.parse(timeAt(index))));
      },
      capabilities.tellsTimes,
    );

    check("follows a log as it grows, until its job has ended", async () => {
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

    check("gives the same log wherever its store breaks off and its reader stops", async () => {
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
      "asks the store for little more than what lies behind the place that it resumes at",
      async () => {
        const { request, log } = givenEnded(LINES);
        const { cursor } = await read({ ...request, limitLines: BigInt(LINES - 100) });
        const before = log.sent;
        expect((await read({ ...request, cursor })).text).toBe(textOf(LINES - 100, LINES));
        expect(log.sent - before).toBeLessThan(Buffer.byteLength(textOf(0, LINES)) / 2);
      },
      capabilities.ranges || capabilities.since,
    );

    check("lets go of its store when a reader leaves before it has begun to answer", async () => {
      const { request, log } = givenEnded(5);
      log.trouble({ kind: "no-headers" });
      await leave(request, log);
      expect((await read(request)).text).toBe(textOf(0, 5));
    });

    check("lets go of its store when a reader leaves in the middle of the log", async () => {
      const { request, log } = givenEnded(50);
      log.trouble({ kind: "silent", after: 1_000 });
      await leave(request, log, "line 3 ");
    });

    check("ends the read of a store that falls silent, and says so", async () => {
      const { own, url } = world.impatient;
      const { request, log } = givenEnded(50, own);
      log.trouble({ kind: "silent", after: 1_000 });
      const { text, end, error } = await readAll(url, request);
      expect({ end, error }).toEqual({ end: "SOURCE_STALLED", error: "DeadlineExceeded SOURCE_STALLED" });
      expectBeginning(text, textOf(0, 50));
      await log.untilAnswering(0);
    });

    check("says where a store breaks off", async () => {
      const { request, log } = givenEnded(50);
      log.trouble({ kind: "cut", after: 1_000 });
      const { text, end, error } = await read(request);
      expect({ end, error }).toEqual({ end: "SOURCE_FAILED", error: "Unavailable SOURCE_FAILED" });
      expectBeginning(text, textOf(0, 50));
    });

    check("says that there is no such log", async () => {
      const { request, log } = givenEnded(5);
      log.remove();
      const { text, end, error } = await read(request);
      expect({ text, end, error }).toEqual({ text: "", end: undefined, error: "NotFound LOG_NOT_FOUND" });
    });

    check("tells a store that refuses from a log that is not there", async () => {
      const { request, log } = givenEnded(5);
      log.trouble({ kind: "denied" });
      const { text, end, error } = await read(request);
      expect({ text, end, error }).toEqual({ text: "", end: undefined, error: "Internal BACKEND_REFUSED" });
    });

    check("reads an empty log", async () => {
      const { text, end, error } = await read(givenEnded(0).request);
      expect({ text, end, error }).toEqual({ text: "", end: whole, error: undefined });
    });

    check(
      "says so where another log is put in the place of the one that it follows",
      async () => {
        const { request, run, log } = given(40);
        const following = readByClient(world.url, { ...request, follow: true });
        await following.until("line 39 ");
        replace(log);
        run.end();
        await following.done;
        expectNoSplice(following, textOf(0, 40));
      },
      // Where the job runs, a log is written on, or its container is started again, which is another log.
      !capabilities.live,
    );

    check("does not resume in another log than before without a word", async () => {
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

      check(`${title}, at the line where it was left`, async () => {
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

      check(`${title}, and shows a seam where that has another text`, async () => {
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

    check("holds no more of a log in memory than it sends", async () => {
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

  /** Reads until this text has come, or the store is asked, and leaves. */
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
