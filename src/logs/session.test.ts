import { describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { podObject, running } from "../../test/fakes/pods.ts";
import { makeAttempt, makeMetric, makeRun, RUN_UID } from "../../test/fakes/run.ts";
import {
  entriesLog,
  FILES,
  fileLog,
  nodeLog,
  PODS,
  type ScriptSource,
  scriptSource,
} from "../../test/fakes/script-source.ts";
import { createWaits } from "../../test/fakes/waits.ts";
import { CallerTurns } from "../access/caller-turns.ts";
import { OpenStreams, type StoppableStream } from "../access/open-streams.ts";
import type { Recheck, Rechecks } from "../access/rechecks.ts";
import { authorizationLost, serverShutdown } from "../access/stream-stopped.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { createRate } from "../rate.ts";
import type { Run } from "../runs/run.ts";
import { SourceError } from "../sources/source-error.ts";
import { createCounters } from "../telemetry/counters.ts";
import type { LogFrame } from "./frame.ts";
import type { LogRequest } from "./log-request.ts";
import type { LogServices } from "./plan.ts";
import { LogSession } from "./session.ts";

const ANNA: Caller = { username: "anna", uid: "7", groups: [], extra: {} };
const MS = { firstHeartbeat: 500, tick: 5_000 };
const RUNNING = makeRun({
  phase: "Running",
  endedAt: undefined,
  metrics: [makeMetric({ phase: "Running", attempts: [makeAttempt({ phase: "Running", endedAt: undefined })] })],
});

/** A gateway around a source, whose time stands still. */
function createWorld(source: ScriptSource) {
  const waits = createWaits();
  const clock = { time: Date.UTC(2026, 3), now: () => clock.time };
  const watches: AbortSignal[] = [];
  const watch = async function* (signal: AbortSignal): AsyncGenerator<readonly never[], void> {
    watches.push(signal);
    yield [];
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const world = {
    run: makeRun() as Run,
    pods: [] as readonly unknown[],
    mayRead: true,
    /** The streams that are re-checked. */
    guarded: new Map<string, StoppableStream>(),
  };
  const streams = new OpenStreams({ total: 10, perCaller: 2 });
  const rechecks: Pick<Rechecks, "add"> = {
    add: (stream, _caller, { key }: Recheck) => {
      world.guarded.set(key, stream);
      return () => void world.guarded.delete(key);
    },
  };
  const services = {
    streams,
    rechecks,
    config: {
      limits: {
        lineBytes: 65_536,
        logBytes: 1_000_000,
        scanBytes: 1_000_000,
        scanTime: 60_000,
        decompressionRatio: 200,
        wait: 6 * 3_600_000,
      },
      follow: { poll: 7_000 },
      jobNamespaces: [],
    },
    kube: {
      list: async function* () {
        yield world.pods;
      },
      watch: (_resource: unknown, _namespace: unknown, _selection: unknown, signal: AbortSignal) => watch(signal),
    },
    watchedRuns: { watchOne: (_namespace: string, _name: string, signal: AbortSignal) => watch(signal) },
    access: { mayReadRuns: async () => world.mayRead, mayReadStage: async () => world.mayRead },
    runs: { read: async () => world.run, bytesOf: () => 0 },
    calls: createRate({ perKey: 1_000 }, clock),
    runTurns: new CallerTurns(4),
    sources: [source],
    lookups: { shard: false, freight: false },
    counters: createCounters([source.name], clock),
    clock,
    sleep: waits.wait,
    cursors: async () => ({ seal: JSON.stringify, open: JSON.parse }),
  } as unknown as LogServices;
  const open = (request: Partial<LogRequest> = {}, signal = new AbortController().signal) =>
    new LogSession(services, ANNA, { run: world.run, selector: {}, ...request }, signal);
  return Object.assign(world, { waits, clock, watches, streams, services, open });
}

async function readAll(session: LogSession): Promise<LogFrame[]> {
  const frames: LogFrame[] = [];
  for (let frame = await session.next(); frame !== undefined; frame = await session.next()) frames.push(frame);
  return frames;
}

const textOf = (frames: readonly LogFrame[]): string =>
  frames.map((frame) => (frame.kind === "chunk" ? Buffer.from(frame.bytes).toString() : "")).join("");
const grepOf = (pattern: string) => ({ pattern, fixed: true, ignoreCase: false, invert: false, before: 0, after: 0 });
const kindsOf = (frames: readonly LogFrame[]): string[] => frames.map(({ kind }) => kind);
const endOf = (frames: readonly LogFrame[]) => {
  const end = frames.at(-1);
  return end?.kind === "end" ? end : expect.fail("There is no end.");
};
type Pieces = Parameters<typeof fileLog>[0];
const store = (...pieces: Pieces[]): ScriptSource =>
  scriptSource("s3", FILES, (_options, _signal, turn) => fileLog(pieces[Math.min(turn, pieces.length) - 1] ?? []));
/** What never comes, until the reader leaves. */
const held = (signal: AbortSignal): Promise<never> => {
  const never = Promise.withResolvers<never>();
  never.promise.catch(() => undefined);
  signal.addEventListener("abort", () => never.reject(signal.reason));
  return never.promise;
};
/** A store that is silent behind these pieces. */
const silent = (...pieces: string[]): ScriptSource =>
  scriptSource("s3", FILES, (_options, signal) => fileLog([...pieces, held(signal)]));
/** Lets all that can be done now be done. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a stream of a log", () => {
  it("begins with its origin and ends with its end, behind which nothing comes", async () => {
    const world = createWorld(store(["one\n", "two\n"]));
    const session = world.open();
    const frames = await readAll(session);
    expect(kindsOf(frames)).toEqual(["origin", "chunk", "chunk", "end"]);
    expect(textOf(frames)).toBe("one\ntwo\n");
    expect(endOf(frames)).toMatchObject({
      reason: "complete",
      lines: 2,
      bytes: 8,
      failure: undefined,
      cursor: undefined,
    });
    expect(await session.next()).toBeUndefined();
    expect(world.services.counters.sentBytes).toBe(8);
  });

  it("is resumed behind any of its chunks", async () => {
    const pieces = ["one\n", "tw", "o\n", "three\n"];
    const world = createWorld(store(pieces));
    const frames = await readAll(world.open());
    for (const [index, frame] of frames.entries()) {
      if (frame.kind !== "chunk") continue;
      const rest = await readAll(world.open({ cursor: frame.cursor() }));
      expect(textOf(frames.slice(0, index + 1)) + textOf(rest)).toBe(pieces.join(""));
    }
  });

  it("is cut at the caller's limit, and resumed behind it", async () => {
    const world = createWorld(store(["one\ntwo\nthree\n"]));
    const frames = await readAll(world.open({ limitLines: 2 }));
    expect(textOf(frames)).toBe("one\ntwo\n");
    const { reason, cursor } = endOf(frames);
    expect(reason).toBe("limit-reached");
    const rest = await readAll(world.open({ cursor: cursor?.() ?? expect.fail("There is no cursor."), limitLines: 2 }));
    expect([textOf(rest), endOf(rest).reason]).toEqual(["three\n", "complete"]);
  });

  it.each<[string, Partial<LogRequest>]>([
    ["all lines", {}],
    ["lines that match", { grep: grepOf("line") }],
    ["all containers", { allContainers: true }],
  ])("is cut at the caller's limit, and resumed where lines were lost meanwhile: %s", async (_, request) => {
    const lines = Array.from({ length: 30 }, (__, second) => ({ nanos: second * 1e9, text: `line ${second}\n` }));
    const kept = [lines.slice(0, 10), lines.slice(0, 20), lines.slice(20)];
    const source = scriptSource("pods", PODS, (options, _signal, turn) => nodeLog(kept[turn - 1] ?? [], options));
    const world = createWorld(source);
    world.pods = [podObject({ uid: RUN_UID, job: `${RUN_UID}.smoke.1` })];
    const begun = await readAll(world.open(request));
    const last = begun.findLast((frame) => frame.kind === "chunk");
    const more = await readAll(world.open({ ...request, cursor: last?.cursor() ?? "", limitLines: 13 }));
    expect(textOf(more)).toBe("line 10\nline 11\nline 12\n");
    const rest = await readAll(world.open({ ...request, cursor: endOf(more).cursor?.() ?? "" }));
    expect(rest.flatMap((frame) => (frame.kind === "notice" ? [frame.notice] : []))).toEqual(["lines-lost"]);
    expect(textOf(rest)).toBe(
      lines
        .slice(20)
        .map(({ text }) => text)
        .join(""),
    );
    expect(endOf(rest).headMissing).toBe(true);
  });

  it("tells of a document in a log's place before its first bytes, where it is asked for", async () => {
    const world = createWorld(store(["<!DOCTYPE html><html><head><title>Sign in</title></head></html>\n"]));
    await expect(readAll(world.open())).rejects.toMatchObject({
      reason: "LOG_NOT_FOUND",
      tries: [{ source: "s3", outcome: "not-found", fault: "web-page" }],
    });
    const frames = await readAll(world.open({ showDocument: true }));
    expect(kindsOf(frames)).toEqual(["origin", "notice", "chunk", "end"]);
  });

  it("asks its source for nothing before somebody waits for a frame", async () => {
    const source = store(["one\n"]);
    const session = createWorld(source).open();
    await settled();
    expect(source.opened).toEqual([]);
    session.close();
  });

  it("reads no further than what somebody waits for", async () => {
    const asked: number[] = [];
    const pieces = Array.from({ length: 5 }, (_, index) => `line ${index}\n`);
    const source = scriptSource("s3", FILES, () =>
      fileLog(
        (function* () {
          for (const [index, piece] of pieces.entries()) {
            asked.push(index);
            yield piece;
          }
        })(),
      ),
    );
    const session = createWorld(source).open();
    await session.next();
    await session.next();
    await settled();
    expect(asked).toEqual([0]);
    session.close();
  });
});

describe("a stream of a log that fails", () => {
  it("throws before its origin where no source has the log, and gives everything back", async () => {
    const world = createWorld(scriptSource("s3", FILES, () => new SourceError("s3", "not-found", "answered 404")));
    await expect(world.open().next()).rejects.toMatchObject({ reason: "LOG_NOT_FOUND" });
    expect([world.streams.size, world.guarded.size]).toEqual([0, 0]);
    await world.waits.untilNone();
  });

  it("throws before its origin where the caller may not read the run, and asks no source", async () => {
    const source = store(["one\n"]);
    const world = createWorld(source);
    world.mayRead = false;
    await expect(world.open().next()).rejects.toMatchObject({ kind: "denied" });
    expect([source.opened, world.streams.size]).toEqual([[], 0]);
  });

  it("is not even begun where the caller has too many", () => {
    const world = createWorld(silent());
    const open = [world.open(), world.open()];
    expect(() => world.open()).toThrow(Failure);
    for (const each of open) each.close();
    expect(world.streams.size).toBe(0);
  });

  it("throws, before its origin, that a cursor's log was replaced", async () => {
    const world = createWorld(store(["one\n", "two\n"], ["ONE\ntwo\n"], ["ONE\ntwo\n"]));
    const [, chunk] = await readAll(world.open());
    if (chunk?.kind !== "chunk") throw new Error("There is no chunk.");
    await expect(world.open({ cursor: chunk.cursor() }).next()).rejects.toMatchObject({ reason: "CURSOR_STALE" });
  });

  it("has the failure in its end behind its origin, and can be resumed behind what was taken", async () => {
    const broken = new SourceError("s3", "unavailable", "broke off before the end of the log");
    const world = createWorld(store(["one\n", broken], ["one\ntwo\n"]));
    const frames = await readAll(world.open());
    expect(kindsOf(frames)).toEqual(["origin", "chunk", "end"]);
    const { reason, failure, cursor, lines, bytes } = endOf(frames);
    expect({ reason, lines, bytes }).toEqual({ reason: "source-failed", lines: 1, bytes: 4 });
    expect(failure).toMatchObject({ kind: "unavailable", reason: "SOURCE_FAILED" });
    const rest = await readAll(world.open({ cursor: cursor?.() ?? expect.fail("There is no cursor.") }));
    expect(textOf(rest)).toBe("two\n");
  });

  it("says that its source stalled where that fell silent", async () => {
    const frames = await readAll(
      createWorld(store(["one\n", new SourceError("s3", "silent", "sent nothing more for 60 s")])).open(),
    );
    expect(endOf(frames)).toMatchObject({ reason: "source-stalled", failure: { reason: "SOURCE_STALLED" } });
  });
});

describe("a stream of a log whose caller may no longer read it", () => {
  it("does not send what was made before and not taken: its end counts, and resumes behind, what was", async () => {
    const world = createWorld(store([Buffer.from([0xff]), "more\n"]));
    const session = world.open();
    const frames = [await session.next(), await session.next()];
    // A notice was made together with the chunk behind it.
    expect(frames.map((frame) => frame?.kind)).toEqual(["origin", "notice"]);
    for (const stream of world.guarded.values()) stream.stop(authorizationLost());
    const rest = await readAll(session);
    expect(kindsOf(rest)).toEqual(["end"]);
    expect(endOf(rest)).toMatchObject({
      reason: "authorization-lost",
      bytes: 0,
      lines: 0,
      failure: { reason: "AUTHORIZATION_LOST" },
    });
  });

  it("ends at once, though its source is silent", async () => {
    const source = silent("one\n");
    const world = createWorld(source);
    const session = world.open();
    const frames = [await session.next(), await session.next()];
    expect(frames.map((frame) => frame?.kind)).toEqual(["origin", "chunk"]);
    const next = session.next();
    await settled();
    for (const stream of world.guarded.values()) stream.stop(authorizationLost());
    expect(await next).toMatchObject({ kind: "end", reason: "authorization-lost", bytes: 4 });
    expect(await session.next()).toBeUndefined();
    expect(source.signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("sends nothing behind its end, though a piece came at the same time", async () => {
    const piece = Promise.withResolvers<string>();
    const world = createWorld(scriptSource("s3", FILES, () => fileLog(["one\n", piece.promise])));
    const session = world.open();
    await session.next();
    await session.next();
    const next = session.next();
    await settled();
    piece.resolve("two\n");
    for (const stream of world.guarded.values()) stream.stop(authorizationLost());
    expect(await next).toMatchObject({ kind: "end", reason: "authorization-lost" });
    await settled();
    expect(await session.next()).toBeUndefined();
  });

  it("fails with that before its origin", async () => {
    const opening = createGate();
    const world = createWorld(
      scriptSource("s3", FILES, async (_options, signal) => {
        opening.open();
        return held(signal);
      }),
    );
    const next = world.open().next();
    await opening.opened;
    for (const stream of world.guarded.values()) stream.stop(authorizationLost());
    await expect(next).rejects.toMatchObject({ reason: "AUTHORIZATION_LOST" });
  });

  it("ends so too where the server stops", async () => {
    const world = createWorld(silent("one\n"));
    const session = world.open();
    await session.next();
    world.streams.stop(serverShutdown());
    expect(await session.next()).toMatchObject({ kind: "end", reason: "server-shutdown" });
  });
});

describe("a stream of a log that is quiet", () => {
  it("sends a heartbeat after 500 ms, so that headers go out", async () => {
    const world = createWorld(silent());
    const session = world.open();
    const next = session.next();
    await world.waits.until((ms) => ms === MS.firstHeartbeat);
    world.waits.pass((ms) => ms === MS.firstHeartbeat);
    expect(await next).toEqual({ kind: "heartbeat", cursor: undefined });
    session.close();
  });

  it("sends none then where a frame was there sooner", async () => {
    const world = createWorld(silent("one\n"));
    const session = world.open();
    expect((await session.next())?.kind).toBe("origin");
    await settled();
    expect(world.waits.pending).not.toContain(MS.firstHeartbeat);
    session.close();
  });

  it("sends one after each 15 s in which somebody waits and nothing comes", async () => {
    const world = createWorld(silent("one\n"));
    const session = world.open();
    await session.next();
    await session.next();
    for (let beat = 0; beat < 2; beat += 1) {
      let frame: LogFrame | undefined;
      const next = session.next().then((each) => {
        frame = each;
      });
      for (let tick = 1; tick <= 3; tick += 1) {
        await world.waits.until((ms) => ms === MS.tick);
        await settled();
        expect(frame).toBeUndefined();
        world.waits.pass((ms) => ms === MS.tick);
      }
      await next;
      expect(frame?.kind).toBe("heartbeat");
    }
    session.close();
  });

  it("makes none while nobody waits", async () => {
    const world = createWorld(silent("one\n"));
    const session = world.open();
    await session.next();
    for (let tick = 0; tick < 6; tick += 1) {
      await world.waits.until((ms) => ms === MS.tick);
      world.waits.pass((ms) => ms === MS.tick);
      await settled();
    }
    expect((await session.next())?.kind).toBe("chunk");
    session.close();
  });

  it("says which of several containers has written nothing yet", async () => {
    const world = createWorld(scriptSource("pods", PODS, (_options, signal) => entriesLog([held(signal)])));
    const containers = ["main", "proxy"].map((name) => ({ name, init: false }));
    world.run = { ...RUNNING, metrics: RUNNING.metrics.map((metric) => ({ ...metric, containers })) };
    const job = `${RUN_UID}.smoke.1`;
    world.pods = [podObject({ uid: RUN_UID, job, containers: { main: running(), proxy: running() } })];
    world.clock.time = Date.parse("2026-01-01T00:03:01Z");
    const session = world.open({ follow: true, allContainers: true });
    expect((await session.next())?.kind).toBe("origin");
    const next = session.next();
    await world.waits.until((ms) => ms === MS.tick);
    world.waits.pass((ms) => ms === MS.tick);
    for (const [index, container] of ["main", "proxy"].entries()) {
      expect(await (index === 0 ? next : session.next())).toMatchObject({
        kind: "notice",
        notice: "waiting",
        message: expect.stringMatching(new RegExp(`^${container}: The container has written nothing yet \\(3 min\\)`)),
      });
    }
    session.close();
  });
});

describe("a stream of a log that is left", () => {
  it("ends with the reason of its caller's signal, and frees everything", async () => {
    const source = silent("one\n");
    const world = createWorld(source);
    const stop = new AbortController();
    const session = world.open({}, stop.signal);
    await session.next();
    await session.next();
    const next = session.next();
    await settled();
    const reason = new Error("left");
    stop.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(source.signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect([world.streams.size, world.guarded.size]).toEqual([0, 0]);
    await world.waits.untilNone();
  });

  it("is freed by being closed, at any time and again: its source, its watches, its timers and its place", async () => {
    for (const taken of [0, 1, 2, 3]) {
      const source = silent("one\n");
      const world = createWorld(source);
      const session = world.open();
      for (let frame = 0; frame < Math.min(taken, 2); frame += 1) await session.next();
      const next = taken === 3 ? session.next() : undefined;
      await settled();
      session.close();
      session.close();
      expect(await next).toBeUndefined();
      expect(await session.next()).toBeUndefined();
      expect(source.signals.every(({ aborted }) => aborted)).toBe(true);
      expect([world.streams.size, world.guarded.size]).toEqual([0, 0]);
      await world.waits.untilNone();
    }
  });

  it("ends the watches of a log that is followed", async () => {
    const world = createWorld(store(["one\n"]));
    world.run = RUNNING;
    const session = world.open({ follow: true });
    expect([(await session.next())?.kind, (await session.next())?.kind]).toEqual(["origin", "chunk"]);
    const next = session.next();
    await world.waits.until((ms) => ms === 7_000);
    expect(world.watches.map(({ aborted }) => aborted)).toEqual([false]);
    session.close();
    expect(await next).toBeUndefined();
    expect(world.watches.map(({ aborted }) => aborted)).toEqual([true]);
    await world.waits.untilNone();
  });
});
