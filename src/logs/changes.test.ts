import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import { Failure } from "../failure.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { RunSummary } from "../runs/run.ts";
import { BLIND_MS, CHANGE_MS, Changes, type ChangesReader, type Watched } from "./changes.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const RUN = { namespace: "shop", name: "uat.run-1" };
const WATCHED = { run: RUN, pods: undefined };
const WITH_PODS = { run: RUN, pods: { uid: "uid-1", namespace: "jobs" } };

/** Watches that a test drives. */
function world() {
  const watches: { what: string; stop: AbortSignal; tell(): void; fail(error: Error): void }[] = [];
  const watch = async function* (what: string, stop: AbortSignal): AsyncGenerator<readonly unknown[], never> {
    let next = Promise.withResolvers<void>();
    let told = 0;
    watches.push({
      what,
      stop,
      tell: () => {
        told += 1;
        next.resolve();
      },
      fail: (error) => next.reject(error),
    });
    stop.addEventListener("abort", () => next.reject(stop.reason));
    next.promise.catch(() => undefined);
    for (;;) {
      await next.promise;
      next = Promise.withResolvers();
      next.promise.catch(() => undefined);
      for (; told > 0; told -= 1) yield [];
    }
  };
  const kube = {
    watch: ({ plural }: { plural: string }, namespace: string, selection: object, stop: AbortSignal) =>
      watch(`${plural} ${namespace} ${JSON.stringify(selection)}`, stop),
  } as unknown as Pick<KubeApi, "watch">;
  const leaving = new AbortController();
  const waits = createWaits();
  const failures: unknown[] = [];
  const { signal } = leaving;
  const onFailure = (error: unknown): void => void failures.push(error);
  const watchedRuns = {
    watchOne: (namespace: string, name: string, stop: AbortSignal) =>
      watch(`run ${namespace}/${name}`, stop) as AsyncGenerator<readonly RunSummary[], never>,
  };
  const changes = new Changes({ kube, watchedRuns, sleep: waits.wait, signal, onFailure });
  let watched: Watched = WATCHED;
  const world = {
    watches,
    failures,
    leaving,
    waits,
    changes,
    set watched(value: Watched) {
      watched = value;
    },
    reader: (seen?: number): ChangesReader => changes.reader(() => watched, seen),
    /** Lets the shortest time between two changes pass. */
    rest: async (): Promise<void> => {
      await waits.until((ms) => ms === CHANGE_MS);
      waits.pass((ms) => ms === CHANGE_MS);
      await settled();
    },
  };
  return world;
}

/** Whether a promise has settled by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await settled();
  return done;
}

describe("the changes of a run", () => {
  it("are watched once somebody waits: the run by its name, its pods by its uid", async () => {
    const all = world();
    all.watched = WITH_PODS;
    const reader = all.reader();
    await settled();
    expect(all.watches).toEqual([]);
    void reader.next(Number.POSITIVE_INFINITY);
    await settled();
    expect(all.watches.map(({ what }) => what)).toEqual([
      "run shop/uat.run-1",
      'pods jobs {"labelSelector":"analysisrun.argoproj.io/uid=uid-1"}',
    ]);
    all.changes.close();
    expect(all.watches.every(({ stop }) => stop.aborted)).toBe(true);
  });

  it("are watched by one watch, however the run changes meanwhile", async () => {
    const all = world();
    const reader = all.reader();
    for (const phase of ["Pending", "Running", "Failed"]) {
      all.watched = { run: { ...RUN, phase } as typeof RUN, pods: undefined };
      const next = reader.next(Number.POSITIVE_INFINITY);
      await settled();
      all.watches[0]?.tell();
      await next;
      await all.rest();
    }
    expect(all.watches).toHaveLength(1);
  });

  it("are told to each of those who wait, and to each who was busy meanwhile, once", async () => {
    const { watches, reader, rest } = world();
    const readers = [reader(), reader(), reader()];
    const first = readers.map((each) => each.next(Number.POSITIVE_INFINITY));
    await settled();
    watches[0]?.tell();
    await Promise.all(first);
    await rest();
    const [a, b, c] = readers;
    const waiting = [a, b].map((each) => each?.next(Number.POSITIVE_INFINITY) ?? Promise.resolve());
    expect(await isDone(Promise.race(waiting))).toBe(false);
    watches[0]?.tell();
    await Promise.all(waiting);
    await rest();
    await c?.next(Number.POSITIVE_INFINITY);
    const again = readers.map((each) => each.next(Number.POSITIVE_INFINITY));
    expect(await isDone(Promise.race(again))).toBe(false);
    watches[0]?.tell();
    await Promise.all(again);
  });

  it("are no news to a reader who knows them", async () => {
    const { watches, reader, changes } = world();
    const first = reader().next(Number.POSITIVE_INFINITY);
    await settled();
    watches[0]?.tell();
    await first;
    expect(await isDone(reader(changes.version).next(Number.POSITIVE_INFINITY))).toBe(false);
    expect(await isDone(reader().next(Number.POSITIVE_INFINITY))).toBe(true);
  });

  it("count as one where they follow each other quickly", async () => {
    const { watches, reader, changes, rest } = world();
    void reader().next(Number.POSITIVE_INFINITY);
    await settled();
    watches[0]?.tell();
    await settled();
    for (let each = 0; each < 5; each += 1) watches[0]?.tell();
    await settled();
    expect(changes.version).toBe(1);
    await rest();
    expect(changes.version).toBe(2);
    changes.close();
  });

  it("are waited for no longer than was said, and no timer is left", async () => {
    const { watches, waits, reader: createReader, rest, changes } = world();
    const reader = createReader();
    const next = reader.next(2_000);
    await waits.until((ms) => ms === 2_000);
    waits.pass(() => true);
    await next;
    const told = reader.next(3_000);
    await settled();
    watches[0]?.tell();
    await told;
    await rest();
    await waits.untilNone();
    expect(waits.pending).toEqual([]);
    changes.close();
  });

  it("are assumed every 30 s while they cannot be watched, and watched again as soon as they can", async () => {
    const { watches, failures, waits, reader: createReader, changes } = world();
    const readers = [createReader(), createReader()];
    const next = () => readers.map((each) => each.next(Number.POSITIVE_INFINITY));
    let waiting = next();
    for (let round = 0; round < 3; round += 1) {
      await settled();
      expect(watches).toHaveLength(round + 1);
      watches[round]?.fail(new Error("refused"));
      await Promise.all(waiting);
      waiting = next();
      await waits.until((ms) => ms === BLIND_MS);
      expect(await isDone(Promise.race(waiting))).toBe(false);
      waits.pass((ms) => ms === BLIND_MS);
    }
    expect(failures).toHaveLength(3);
    expect(changes.version).toBe(3);
    await settled();
    watches[3]?.tell();
    await Promise.all(waiting);
    changes.close();
    await waits.untilNone();
  });

  it("of more objects than can be watched are assumed every 30 s, and not watched again", async () => {
    const { watches, waits, reader: createReader, changes } = world();
    const reader = createReader();
    let next = reader.next(Number.POSITIVE_INFINITY);
    await settled();
    watches[0]?.fail(new Failure("too-much", "LIMIT_REACHED", "More than 10000 objects match."));
    for (let round = 0; round < 3; round += 1) {
      await next;
      next = reader.next(Number.POSITIVE_INFINITY);
      await waits.until((ms) => ms === BLIND_MS);
      expect(await isDone(next)).toBe(false);
      waits.pass((ms) => ms === BLIND_MS);
    }
    expect(watches).toHaveLength(1);
    changes.close();
    await waits.untilNone();
  });

  it("are let go by whoever leaves", async () => {
    const { leaving, reader } = world();
    const waiting = [reader(), reader()].map((each) => each.next(Number.POSITIVE_INFINITY));
    for (const each of waiting) each.catch(() => undefined);
    await settled();
    leaving.abort(new Error("left"));
    for (const each of waiting) await expect(each).rejects.toThrow("left");
    await expect(reader().next(1)).rejects.toThrow("left");
  });

  it("begin anew where something else is to be watched", async () => {
    const all = world();
    const reader = all.reader();
    void reader.next(Number.POSITIVE_INFINITY);
    await settled();
    all.watches[0]?.tell();
    await settled();
    all.watched = WITH_PODS;
    void reader.next(Number.POSITIVE_INFINITY);
    await settled();
    expect(all.watches.map(({ stop }) => stop.aborted)).toEqual([true, false, false]);
    all.changes.close();
  });
});
