import { describe, expect, it } from "vitest";
import { createGate, type Gate } from "../../test/fakes/byte-source.ts";
import { makeView } from "../../test/fakes/container-view.ts";
import { createWaits } from "../../test/fakes/waits.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { AttemptLooks } from "./attempt-looks.ts";
import { CHANGE_MS, Changes } from "./changes.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const VIEW = makeView({ pods: [] });

/** Looks that a test counts, holds up and lets fail, and a watch that it drives. */
function world() {
  const waits = createWaits();
  let tell: () => void = () => undefined;
  const watchedRuns = {
    watchOne: async function* (_namespace: string, _name: string, signal: AbortSignal) {
      world.watches += 1;
      for (;;) {
        const told = Promise.withResolvers<void>();
        tell = told.resolve;
        told.promise.catch(() => undefined);
        signal.addEventListener("abort", () => told.reject(signal.reason));
        await told.promise;
        yield [];
      }
    },
  };
  const kube = {} as Pick<KubeApi, "watch">;
  const changes = new Changes({ kube, watchedRuns, sleep: waits.wait, signal: new AbortController().signal });
  const world = {
    watches: 0,
    /** The looks that began, and those that succeeded. */
    begun: 0,
    seen: 0,
    gate: undefined as Gate<void> | undefined,
    failure: undefined as Error | undefined,
    changes,
    /** Lets the watch report a change. */
    change: async (): Promise<void> => {
      tell();
      await settled();
      waits.pass((ms) => ms === CHANGE_MS);
      await settled();
    },
  };
  const looks = new AttemptLooks({
    view: VIEW,
    look: async () => {
      world.begun += 1;
      await world.gate?.opened;
      if (world.failure !== undefined) throw world.failure;
      return { ...VIEW };
    },
    watchedBy: ({ run }) => ({ run, pods: undefined }),
    changes,
    onLook: () => {
      world.seen += 1;
    },
  });
  return Object.assign(world, { looks });
}

/** The same once the watch has begun. */
async function watchedWorld() {
  const all = world();
  const first = all.looks.reader().next(Number.POSITIVE_INFINITY);
  await settled();
  await all.change();
  await first;
  return all;
}

describe("an attempt", () => {
  it("is looked up once at each change, for however many readers, and not between changes", async () => {
    const all = await watchedWorld();
    const readers = Array.from({ length: 50 }, () => all.looks.reader());
    for (let change = 1; change <= 3; change += 1) {
      for (let poll = 0; poll < 10; poll += 1) {
        const views = await Promise.all(readers.map(() => all.looks.now()));
        expect(new Set([...views, all.looks.view]).size).toBe(1);
      }
      expect([all.begun, all.seen]).toEqual([change, change]);
      const next = readers.map((each) => each.next(Number.POSITIVE_INFINITY));
      await all.change();
      await Promise.all(next);
    }
    expect(all.watches).toBe(1);
    all.changes.close();
  });

  it("is looked up again if it changes during a look, once for all who ask by then", async () => {
    const all = await watchedWorld();
    all.gate = createGate();
    const before = all.looks.now();
    await settled();
    await all.change();
    const after = [all.looks.now(), all.looks.now()];
    await settled();
    expect(all.begun).toBe(1);
    all.gate.open();
    const [one, two] = await Promise.all(after);
    expect([all.begun, one === two, one === (await before)]).toEqual([2, true, false]);
    all.changes.close();
  });

  it("is looked up once without a watch, which begins with the second look", async () => {
    const all = world();
    await all.looks.now();
    await settled();
    expect([all.begun, all.watches]).toEqual([1, 0]);
    await all.looks.now();
    await settled();
    expect([all.begun, all.watches]).toEqual([2, 1]);
    await all.looks.now();
    expect(all.begun).toBe(2);
    await all.change();
    await all.looks.now();
    expect([all.begun, all.watches]).toEqual([3, 1]);
    all.changes.close();
  });

  it("that could not be looked up is not looked up again before something changes", async () => {
    const all = await watchedWorld();
    all.failure = new Error("gone");
    for (let poll = 0; poll < 3; poll += 1) await expect(all.looks.now()).rejects.toThrow("gone");
    expect(all.begun).toBe(1);
    all.failure = undefined;
    await all.change();
    await all.looks.now();
    expect(all.begun).toBe(2);
    all.changes.close();
  });
});
