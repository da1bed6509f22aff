import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { createChanges } from "./changes.ts";

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
    for (;;) {
      await next.promise;
      next = Promise.withResolvers();
      for (; told > 0; told -= 1) yield [];
    }
  };
  const kube = {
    watch: ({ plural }: { plural: string }, namespace: string, selection: object, stop: AbortSignal) =>
      watch(`${plural} ${namespace} ${JSON.stringify(selection)}`, stop),
  } as unknown as Pick<KubeApi, "watch">;
  const leaving = new AbortController();
  const waits = createWaits();
  const changes = createChanges({ kube, sleep: waits.wait, signal: leaving.signal });
  return { watches, leaving, waits, changes };
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
    const { watches, changes } = world();
    const reader = changes.reader();
    await settled();
    expect(watches).toEqual([]);
    void reader.next(WITH_PODS, Number.POSITIVE_INFINITY);
    await settled();
    expect(watches.map(({ what }) => what)).toEqual([
      'analysisruns shop {"name":"uat.run-1"}',
      'pods jobs {"labelSelector":"analysisrun.argoproj.io/uid=uid-1"}',
    ]);
    changes.close();
    expect(watches.every(({ stop }) => stop.aborted)).toBe(true);
  });

  it("are watched by one watch, however the run changes meanwhile", async () => {
    const { watches, changes } = world();
    const reader = changes.reader();
    for (const phase of ["Pending", "Running", "Failed"]) {
      const next = reader.next({ run: { ...RUN, phase } as typeof RUN, pods: undefined }, Number.POSITIVE_INFINITY);
      await settled();
      watches[0]?.tell();
      await next;
    }
    expect(watches).toHaveLength(1);
  });

  it("are told to each of those who wait, and to each who was busy meanwhile, once", async () => {
    const { watches, changes } = world();
    const readers = [changes.reader(), changes.reader(), changes.reader()];
    const first = readers.map((each) => each.next(WATCHED, Number.POSITIVE_INFINITY));
    await settled();
    watches[0]?.tell();
    await Promise.all(first);
    const [a, b, c] = readers;
    const waiting = [a, b].map((each) => each?.next(WATCHED, Number.POSITIVE_INFINITY) ?? Promise.resolve());
    expect(await isDone(Promise.race(waiting))).toBe(false);
    watches[0]?.tell();
    await Promise.all(waiting);
    await c?.next(WATCHED, Number.POSITIVE_INFINITY);
    const again = readers.map((each) => each.next(WATCHED, Number.POSITIVE_INFINITY));
    expect(await isDone(Promise.race(again))).toBe(false);
    watches[0]?.tell();
    await Promise.all(again);
  });

  it("are waited for no longer than was said, and no timer is left", async () => {
    const { watches, waits, changes } = world();
    const reader = changes.reader();
    const next = reader.next(WATCHED, 2_000);
    await waits.until((ms) => ms === 2_000);
    waits.pass(() => true);
    await next;
    const told = reader.next(WATCHED, 3_000);
    await settled();
    watches[0]?.tell();
    await told;
    await waits.untilNone();
    expect(waits.pending).toEqual([]);
  });

  it("fail for all where they cannot be watched", async () => {
    const { watches, changes } = world();
    const waiting = [changes.reader(), changes.reader()].map((each) => each.next(WATCHED, Number.POSITIVE_INFINITY));
    await settled();
    watches[0]?.fail(new Error("refused"));
    for (const each of waiting) await expect(each).rejects.toThrow("refused");
    await expect(changes.reader().next(WATCHED, 1)).rejects.toThrow("refused");
  });

  it("are let go by whoever leaves", async () => {
    const { leaving, changes } = world();
    const waiting = [changes.reader(), changes.reader()].map((each) => each.next(WATCHED, Number.POSITIVE_INFINITY));
    for (const each of waiting) each.catch(() => undefined);
    await settled();
    leaving.abort(new Error("left"));
    for (const each of waiting) await expect(each).rejects.toThrow("left");
    await expect(changes.reader().next(WATCHED, 1)).rejects.toThrow("left");
  });

  it("begin anew where something else is to be watched", async () => {
    const { watches, changes } = world();
    const reader = changes.reader();
    void reader.next(WATCHED, Number.POSITIVE_INFINITY);
    await settled();
    watches[0]?.tell();
    await settled();
    void reader.next(WITH_PODS, Number.POSITIVE_INFINITY);
    await settled();
    expect(watches.map(({ stop }) => stop.aborted)).toEqual([true, false, false]);
    changes.close();
  });
});
