import { describe, expect, it } from "vitest";
import { makeRunning, makeView } from "../../test/fakes/container-view.ts";
import {
  type Answer,
  entriesLog,
  FILES,
  fileLog,
  kubeletAnswer,
  type NodeLine,
  nodeLog,
  PODS,
  type ScriptSource,
  scriptSource,
  timeOf,
} from "../../test/fakes/script-source.ts";
import { createWaits } from "../../test/fakes/waits.ts";
import { Failure } from "../failure.ts";
import type { LogSource } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import { ContainerReader, type ContainerReaderOptions } from "./container-reader.ts";
import type { ContainerEvent } from "./event.ts";
import type { Position } from "./position.ts";
import { LogReplaced } from "./text.ts";
import type { ContainerView } from "./view.ts";

const BEGIN = Date.UTC(2026, 0, 1, 0, 10);
const POLL_MS = 5_000;
const RUNNING = makeView({ pods: [makeRunning({ startedAt: "2026-01-01T00:10:00Z" })] });
const ENDED = makeView({
  phase: "Successful",
  endedAt: "2026-01-01T00:00:00Z",
  pods: [makeRunning({ state: "terminated", exitCode: 0 })],
});
/** The same once its pod was removed. */
const REMOVED = makeView({ phase: "Successful", endedAt: "2026-01-01T00:00:00Z", pods: [] });

/**
 * A reader whose time passes only while it waits: by as much as it waits for.
 *
 * @param sources the sources, or what makes them of the world's clock.
 */
function world(sources: readonly LogSource[], options: Partial<ContainerReaderOptions> = {}) {
  const waits = createWaits();
  const stop = new AbortController();
  const clock = { time: BEGIN, now: () => clock.time };
  /** For how long it waited, in order. */
  const waited: number[] = [];
  const world = {
    /** The container as it is looked at. */
    view: RUNNING as ContainerView,
    /** Called each time that it waits. */
    onWait: (_ms: number): void => undefined,
  };
  const reader = new ContainerReader({
    view: RUNNING,
    sources,
    refresh: async () => world.view,
    changes: { next: (ms) => waits.wait(ms, stop.signal) },
    podNamed: false,
    begin: {},
    position: undefined,
    follow: true,
    waitUntil: Number.POSITIVE_INFINITY,
    maxWaitMs: Number.POSITIVE_INFINITY,
    pollMs: POLL_MS,
    limits: { ratio: 200, ratioFreeBytes: 1024 * 1024 },
    searchBytes: 1024 * 1024,
    retentionDays: 0,
    showDocument: false,
    clock,
    sleep: waits.wait,
    signal: stop.signal,
    ...options,
  });

  /** The next event. Whatever is waited for until then passes. */
  const next = async (): Promise<ContainerEvent | undefined> => {
    const event = reader.next();
    event.catch(() => undefined);
    for (;;) {
      const first = await Promise.race([event.then(() => "event"), waits.until(() => true).then(() => "wait")]);
      if (first === "event") return event;
      const [ms = 0] = waits.pending;
      waited.push(ms);
      if (waited.length > 1_000) throw new Error("It waits for ever.");
      if (Number.isFinite(ms)) clock.time += ms;
      world.onWait(ms);
      waits.pass(() => true);
    }
  };
  /** What is told, in short, up to the first event of this kind. */
  const until = async (kind: ContainerEvent["kind"]): Promise<string[]> => {
    const told: string[] = [];
    for (let event = await next(); event !== undefined; event = await next()) {
      told.push(shortly(event));
      if (event.kind === kind) break;
    }
    return told;
  };
  return Object.assign(world, { reader, clock, waits, waited, stop, next, until });
}

function shortly(event: ContainerEvent): string {
  switch (event.kind) {
    case "opened":
      return `opened ${event.source}`;
    case "text":
      return `${event.line}: ${Buffer.from(event.bytes).toString()}`;
    case "passed":
      return `passed ${event.bytes}`;
    case "notice":
      return event.notice;
    case "end":
      return event.reason;
  }
}

const line = (second: number): NodeLine => ({ nanos: second * 1e9, text: `line ${second}\n` });
const lines = (count: number): NodeLine[] => Array.from({ length: count }, (_, second) => line(second));
const textOf = (all: readonly NodeLine[]): string => all.map(({ text }) => text).join("");
const broken = (name = "pods") => new SourceError(name, "unavailable", "broke off before the end of the log");
const gone = (name = "pods") => new SourceError(name, "not-found", "knows no such pod any more", { fault: "no-pod" });
/** What never comes, until the reader leaves. */
const silence = (signal: AbortSignal): Promise<never> => {
  const held = Promise.withResolvers<never>();
  held.promise.catch(() => undefined);
  signal.addEventListener("abort", () => held.reject(signal.reason));
  return held.promise;
};
/** A source of pods that answers the requests for the log itself one after the other, the last answer over and over. */
function pods(...answers: readonly Answer[]): ScriptSource {
  let turn = 0;
  return scriptSource("pods", PODS, (options, signal) => {
    const answer = answers[Math.min(turn, answers.length - 1)];
    turn += 1;
    return answer?.(options, signal, turn) ?? gone();
  });
}
const giving =
  (all: readonly NodeLine[]): Answer =>
  (options) =>
    nodeLog(all, options);
const file = (...texts: readonly (string | Error)[]): ScriptSource =>
  scriptSource("archive", FILES, (_options, _signal, turn) => {
    const text = texts[Math.min(turn, texts.length) - 1];
    return text === undefined || text instanceof Error ? (text ?? gone("archive")) : fileLog([text]);
  });

describe("a container's log that is read once", () => {
  it.each<[string, ContainerView, LogSource, string]>([
    ["complete where its job has ended, and its source proves it", ENDED, file("line 0\n"), "complete"],
    ["caught up where its job runs", RUNNING, file("line 0\n"), "caught-up"],
    ["as long as its source has it where that proves nothing", ENDED, pods(giving(lines(1))), "source-ended"],
  ])("is %s", async (_, view, source, reason) => {
    const { until } = world([source], { view, follow: false });
    expect(await until("end")).toEqual([`opened ${source.name}`, "1: line 0\n", reason]);
  });

  it("is not complete before its source has settled: more may come", async () => {
    const view = makeView({ phase: "Successful", endedAt: new Date(BEGIN - 10_000).toISOString(), pods: [] });
    const source = scriptSource("archive", FILES, () => fileLog(["line 0\n"]), { settleMs: 30_000 });
    const { until } = world([source], { view, follow: false });
    expect(await until("end")).toEqual(["opened archive", "1: line 0\n", "source-ended"]);
  });

  it("fails where no source has it, and nothing is waited for", async () => {
    const { next, waited } = world([file()], { view: REMOVED, follow: false, waitUntil: BEGIN });
    await expect(next()).rejects.toMatchObject({ reason: "LOG_NOT_FOUND" });
    expect(waited).toEqual([]);
  });

  it("is that of another source where the first one's begins with the node's word that it has none", async () => {
    const words = "unable to retrieve container logs for containerd://0f2c4a";
    const live = pods(() => entriesLog([words]));
    const { until } = world([live, file("line 0\n")], { follow: false });
    expect(await until("end")).toEqual(["opened pods", "opened archive", "1: line 0\n", "caught-up"]);
    expect(live.opened).toHaveLength(1);
  });

  it("tells nobody behind its end, and closes what is open when it is closed", async () => {
    const live = pods((_options, signal) => entriesLog([kubeletAnswer(lines(1)), silence(signal)]));
    const { next, reader } = world([live]);
    await next();
    await next();
    reader.close();
    expect(await reader.next()).toBeUndefined();
    expect(live.signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe("a container's log that is followed", () => {
  it("is read to its end once its container has ended, in a read that began after that", async () => {
    const live = pods(giving(lines(2)), giving(lines(3)));
    const log = world([live]);
    log.onWait = () => {
      log.view = ENDED;
    };
    expect(await log.until("end")).toEqual(["opened pods", `1: ${textOf(lines(2))}`, "3: line 2\n", "complete"]);
    expect(live.opened.map(({ follow }) => follow)).toEqual([true, false]);
  });

  it("is opened no more than once a second, however often its source ends it", async () => {
    const openedAt: number[] = [];
    const log = world([
      pods((options) => {
        openedAt.push(log.clock.time);
        return nodeLog(lines(1), options);
      }),
    ]);
    log.onWait = () => {
      if (openedAt.length === 10) log.view = ENDED;
    };
    await log.until("end");
    expect(openedAt.length).toBeGreaterThanOrEqual(10);
    const gaps = openedAt.slice(1, 10).map((time, index) => time - (openedAt[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  });

  it("is opened no more than once a second where each follow fails behind a piece", async () => {
    const openedAt: number[] = [];
    const log = world([
      pods((options, _signal, turn) => {
        openedAt.push(log.clock.time);
        const all = kubeletAnswer(lines(turn), options);
        return turn > 8 ? nodeLog(lines(8), options) : entriesLog([all, broken()]);
      }),
    ]);
    log.onWait = () => {
      if (openedAt.length > 8) log.view = ENDED;
    };
    const told = await log.until("end");
    expect(told.filter((each) => each.includes("line")).join("")).toContain("8: line 7");
    const gaps = openedAt.slice(1, 8).map((time, index) => time - (openedAt[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  });

  it("goes on where it was where its source fails, and tells nothing of it", async () => {
    const live = pods(() => entriesLog([kubeletAnswer(lines(2)), broken()]), giving(lines(3)));
    const log = world([live]);
    log.onWait = () => {
      if (live.opened.length > 1) log.view = ENDED;
    };
    expect(await log.until("end")).toEqual(["opened pods", `1: ${textOf(lines(2))}`, "3: line 2\n", "complete"]);
    expect(log.waited[0]).toBe(500);
  });

  it("fails after five tries in a row that bring nothing, each after twice as long", async () => {
    const log = world([
      pods(
        () => entriesLog([kubeletAnswer(lines(1)), broken()]),
        () => broken(),
      ),
    ]);
    expect(await log.until("text")).toEqual(["opened pods", "1: line 0\n"]);
    await expect(log.next()).rejects.toMatchObject({ kind: "unavailable" });
    expect(log.waited.filter((ms) => ms % 500 === 0)).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  });

  it("tells where lines are missing: the node no longer has them", async () => {
    const long = Array.from({ length: 300 }, (_, second) => ({ nanos: second * 1e9, text: `${"x".repeat(1_024)}\n` }));
    const live = pods(giving(long), giving([line(900)]));
    const log = world([live]);
    log.onWait = () => {
      log.view = ENDED;
    };
    expect((await log.until("end")).slice(-3)).toEqual(["lines-lost", "301: line 900\n", "complete"]);
  });

  it("passes over no lines where some before the first wanted one are missing", async () => {
    const place = { kind: "times", time: timeOf(9e9), lines: 1, part: 0 } as const;
    // As where lines of another container came in the middle of the piece behind it.
    const position = { source: "pods", pod: "pod-1", restarts: 0, place, line: 11, from: 14 };
    const kept = { view: ENDED, position };
    const log = world([pods(giving(lines(16)))], kept);
    expect(await log.until("end")).toEqual(["opened pods", "14: line 13\nline 14\nline 15\n", "complete"]);
    const later = world([pods(giving(lines(40).slice(30)))], kept);
    expect((await later.until("end")).slice(1)).toEqual([
      "lines-lost",
      `11: ${textOf(lines(40).slice(30))}`,
      "complete",
    ]);
  });

  it("waits for a log that is not there yet, and tells once what for", async () => {
    const unstarted = makeView({ pods: [makeRunning({ state: "waiting", reason: "ContainerCreating" })] });
    const notYet = new SourceError("pods", "not-yet", "has no log yet");
    const live = pods(
      () => notYet,
      () => notYet,
      giving(lines(1)),
    );
    const log = world([live], { view: unstarted });
    log.view = unstarted;
    log.onWait = () => {
      if (live.opened.length === 2) log.view = RUNNING;
    };
    expect(await log.until("text")).toEqual(["waiting", "opened pods", "1: line 0\n"]);
    // Of a container that has not been started, its pod tells.
    expect(log.waited.filter((ms) => !Number.isFinite(ms))).toHaveLength(2);
  });

  it("ends where the run is deleted, and fails with that where nothing was read yet", async () => {
    const deleted = new Failure("not-found", "RUN_NOT_FOUND", "There is no such run.");
    const refresh = () => Promise.reject(deleted);
    expect(await world([pods(giving(lines(1)))], { refresh }).until("end")).toEqual([
      "opened pods",
      "1: line 0\n",
      "run-deleted",
      "source-ended",
    ]);
    const notYet = new SourceError("pods", "not-yet", "has no log yet");
    await expect(world([pods(() => notYet)], { refresh }).until("end")).rejects.toBe(deleted);
  });

  it("goes on in the pod that follows, from its beginning, once the one before was read to its end", async () => {
    const ended = { state: "terminated", exitCode: 1 } as const;
    const first = makeRunning(ended, { phase: "Failed" });
    const second = makeRunning(ended, { name: "pod-2", createdAt: "2026-01-01T00:01:00Z", phase: "Failed" });
    const live = pods(giving(lines(2)), giving([line(7)]));
    const log = world([live], { view: makeView({ pods: [first] }) });
    const done = { phase: "Failed", endedAt: "2026-01-01T00:02:00Z", pods: [first, second] } as const;
    log.view = makeView(done);
    expect(await log.until("end")).toEqual([
      "opened pods",
      `1: ${textOf(lines(2))}`,
      "pod-changed",
      "1: line 7\n",
      "complete",
    ]);
  });
});

describe("a file that is followed", () => {
  it("is looked at as often as is configured, from where it was, until its job has ended", async () => {
    const archive = file("line 0\n", "line 0\n", "line 0\nline 1\n");
    const log = world([archive]);
    log.onWait = () => {
      if (archive.opened.length === 3) log.view = REMOVED;
    };
    expect(await log.until("end")).toEqual(["opened archive", "1: line 0\n", "2: line 1\n", "complete"]);
    expect(new Set(log.waited)).toEqual(new Set([POLL_MS]));
  });

  it("ends where another one has taken its place: nothing of that is sent", async () => {
    const log = world([file("line 0\n", "LINE 0\nline 1\n")]);
    expect(await log.until("end")).toEqual(["opened archive", "1: line 0\n", "log-replaced", "source-ended"]);
  });

  it("is not the one that it is resumed in where another has taken its place", async () => {
    const position = await positionBehind([file("line 0\n")]);
    await expect(world([file("LINE 0\n")], { position }).next()).rejects.toThrow(LogReplaced);
  });
});

/** Where a log is resumed of which all has been read. */
async function positionBehind(sources: readonly LogSource[], view = ENDED): Promise<Position> {
  const { next } = world(sources, { view, follow: false });
  let position: Position | undefined;
  for (let event = await next(); event !== undefined; event = await next()) {
    if (event.kind === "text") position = event.after;
  }
  return position ?? expect.fail("Nothing was read.");
}

describe("a container's log whose pod is removed while it is read", () => {
  const log = Array.from({ length: 9 }, (_, second) => ({
    nanos: second * 1e9,
    text: `line ${second} of a long log\n`,
  }));

  it("goes on in the archive, at the place where as much of the same text lies before it", async () => {
    const live = pods(giving(log.slice(0, 5)), () => gone());
    const reading = world([live, file(textOf(log))]);
    reading.onWait = () => {
      reading.view = REMOVED;
    };
    expect(await reading.until("end")).toEqual([
      "opened pods",
      `1: ${textOf(log.slice(0, 5))}`,
      "source-changed",
      "opened archive",
      `6: ${textOf(log.slice(5))}`,
      "complete",
    ]);
  });

  it("follows whole behind a seam where the archive has not the place", async () => {
    const live = pods(giving(log.slice(0, 5)), () => gone());
    const reading = world([live, file("another\nlog\n")]);
    reading.onWait = () => {
      reading.view = REMOVED;
    };
    expect(await reading.until("end")).toEqual([
      "opened pods",
      `1: ${textOf(log.slice(0, 5))}`,
      "seam",
      "opened archive",
      "1: another\nlog\n",
      "complete",
    ]);
  });

  it("ends with what came where no archive has it", async () => {
    const reading = world([pods(giving(log.slice(0, 5)), () => gone())]);
    reading.onWait = () => {
      reading.view = REMOVED;
    };
    expect((await reading.until("end")).at(-1)).toBe("source-ended");
  });
});

describe("a container's log that its node cannot follow", () => {
  const INOTIFY = "failed to create fsnotify watcher: too many open files";
  /** Answers a follow with the node's word behind what there is, and a plain read with what there is. */
  const limited = (all: () => readonly NodeLine[]): ScriptSource =>
    pods((options) =>
      options.follow ? entriesLog([kubeletAnswer(all(), options) + INOTIFY]) : nodeLog(all(), options),
    );

  it("is read again and again in place of it, which is told once, without the node's own words", async () => {
    let written = 1;
    const live = limited(() => lines(written));
    const log = world([live]);
    const notices: string[] = [];
    log.onWait = () => {
      written += 1;
      if (written === 5) log.view = ENDED;
    };
    const told: string[] = [];
    for (let event = await log.next(); event !== undefined; event = await log.next()) {
      told.push(shortly(event));
      if (event.kind === "notice") notices.push(event.message);
    }
    expect(told.filter((each) => each === "polling")).toHaveLength(1);
    expect(
      told
        .filter((each) => /^\d/.test(each))
        .map((each) => each.replace(/^\d+: /, ""))
        .join(""),
    ).toBe(textOf(lines(5)));
    expect(told.at(-1)).toBe("complete");
    expect(notices).toEqual([
      'Source "pods" cannot follow the log: the node is out of inotify instances or watches.' +
        " It is read every 5 s instead.",
    ]);
    expect(live.opened.filter(({ follow }) => follow)).toHaveLength(1);
    expect(new Set(log.waited)).toEqual(new Set([POLL_MS]));
  });

  it("is followed anew after thirty of them, and nothing more is told", async () => {
    const live = limited(() => lines(1));
    const log = world([live]);
    log.onWait = () => {
      if (log.waited.length === 100) log.view = ENDED;
    };
    const told = await log.until("end");
    expect(told.filter((each) => each === "polling")).toHaveLength(1);
    const follows = live.opened.flatMap(({ follow }, index) => (follow ? [index] : []));
    expect(follows.length).toBeGreaterThan(2);
    expect((follows[1] ?? 0) - (follows[0] ?? 0)).toBeGreaterThanOrEqual(30);
  });
});

describe("a container that writes nothing", () => {
  const quiet = () =>
    world([pods((_options, signal) => entriesLog([silence(signal)]))], {
      view: RUNNING,
    });

  it("is told of after a minute, and once for each further minute: it may hold its output back", async () => {
    const log = quiet();
    expect(await log.until("opened")).toEqual(["opened pods"]);
    const event = log.reader.next();
    // Until it waits for the text.
    await new Promise((resolve) => setImmediate(resolve));
    const told: string[] = [];
    for (let tick = 1; tick <= 11; tick += 1) {
      log.clock.time = BEGIN + tick * 15_000;
      const notice = log.reader.tick();
      if (notice?.kind === "notice") told.push(`${tick}: ${notice.message}`);
    }
    const message = (minutes: number) =>
      `The container has written nothing yet (${minutes} min). Programs buffer their output when it is not a terminal.`;
    expect(told).toEqual([`4: ${message(1)}`, `8: ${message(2)}`]);
    log.stop.abort(new Error("left"));
    await expect(event).rejects.toThrow("left");
  });

  it("is not told of once it has written something", async () => {
    const log = world([pods((_options, signal) => entriesLog([kubeletAnswer(lines(1)), silence(signal)]))]);
    await log.until("text");
    log.clock.time += 600_000;
    expect(log.reader.tick()).toBeUndefined();
  });

  it("is followed anew after a minute of ticks: its connection may have died", async () => {
    const live = pods((_options, signal) => entriesLog([kubeletAnswer(lines(1)), silence(signal)]), giving(lines(2)));
    const log = world([live]);
    await log.until("text");
    const event = log.next();
    await new Promise((resolve) => setImmediate(resolve));
    for (let tick = 1; tick < 12; tick += 1) log.reader.tick();
    expect(live.signals.map(({ aborted }) => aborted)).toEqual([false]);
    log.clock.time += 60_000;
    log.reader.tick();
    expect(live.signals[0]?.aborted).toBe(true);
    expect(shortly((await event) ?? expect.fail("Nothing came."))).toBe("2: line 1\n");
    expect(live.opened.map(({ follow }) => follow)).toEqual([true, true]);
  });
});
