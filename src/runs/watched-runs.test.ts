import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { newestOf } from "../kube/newest.ts";
import { createWatchedRuns } from "./watched-runs.ts";

const never = new AbortController().signal;

function object(name: string, second: number) {
  const creationTimestamp = `2026-01-01T00:00:0${second}Z`;
  return { metadata: { name, namespace: "shop", uid: name, creationTimestamp }, spec: { large: "x" } };
}

/** An API whose watches are driven by the test. */
function watchingApi() {
  const watches: {
    namespace: string | undefined;
    selection: unknown;
    put: (objects: object[]) => void;
    fail: (error: Error) => void;
    left: boolean;
  }[] = [];
  const watch = (
    _resource: unknown,
    namespace: string | undefined,
    selection: unknown,
    signal: AbortSignal,
    keep: (object: unknown) => unknown = (each) => each,
  ) =>
    newestOf<readonly unknown[]>(
      (put, stop) =>
        new Promise((resolve, reject) => {
          const own = { namespace, selection, put: (all: object[]) => put(all.map(keep)), fail: reject, left: false };
          stop.addEventListener("abort", () => {
            own.left = true;
            resolve();
          });
          watches.push(own);
        }),
      signal,
    );
  return { kube: { watch } as Pick<KubeApi, "watch">, watches };
}

describe("runs with several watchers", () => {
  const names = (answer: IteratorResult<readonly { readonly name: string }[]>) =>
    (answer.value as readonly { readonly name: string }[]).map(({ name }) => name);

  it("are watched once per project, newest first, and a later watcher gets them at once", async () => {
    const { kube, watches } = watchingApi();
    const runs = createWatchedRuns(kube);
    const first = runs.watch("shop", never)[Symbol.asyncIterator]();
    const waiting = first.next();
    watches[0]?.put([object("a", 1), object("b", 2), { metadata: { name: "no run" } }]);
    expect(names(await waiting)).toEqual(["b", "a"]);
    expect(runs.newest("shop")?.map(({ name }) => name)).toEqual(["b", "a"]);
    expect(runs.newest("other")).toBeUndefined();
    const second = runs.watch("shop", never)[Symbol.asyncIterator]();
    const others = runs.watch("other", never)[Symbol.asyncIterator]();
    const answer = await second.next();
    expect(names(answer)).toEqual(["b", "a"]);
    expect(answer.value[0]).not.toHaveProperty("spec");
    expect(watches.map(({ namespace }) => namespace)).toEqual(["shop", "other"]);

    const both = [first.next(), second.next()];
    watches[0]?.put([object("c", 3)]);
    expect((await Promise.all(both)).map(names)).toEqual([["c"], ["c"]]);
    await first.return?.();
    expect(watches[0]?.left).toBe(false);
    await Promise.all([second.return?.(), others.return?.()]);
    await expect.poll(() => watches.map(({ left }) => left)).toEqual([true, true]);
    expect(runs.newest("shop")).toBeUndefined();
  });

  it("may be a single run with its version, watched once for all its watchers and apart from its project", async () => {
    const { kube, watches } = watchingApi();
    const runs = createWatchedRuns(kube);
    const all = [
      runs.watchOne("shop", "a", never),
      runs.watchOne("shop", "a", never),
      runs.watchOne("shop", "b", never),
      runs.watch("shop", never),
    ].map((each) => each[Symbol.asyncIterator]());
    const [first, second] = all.map((each) => each.next());
    expect(watches.map(({ selection }) => selection)).toEqual([{ name: "a" }, { name: "b" }, { labelSelector: "" }]);
    const a = object("a", 1);
    watches[0]?.put([{ ...a, metadata: { ...a.metadata, resourceVersion: "7" } }]);
    for (const each of [first, second]) expect((await each)?.value).toMatchObject([{ name: "a", version: "7" }]);
    for (const each of all) void each.return?.();
    await expect.poll(() => watches.map(({ left }) => left)).toEqual([true, true, true]);
  });

  it("are watched again for a watcher that comes after the last has left or the watch has failed", async () => {
    const { kube, watches } = watchingApi();
    const runs = createWatchedRuns(kube);
    const failing = [runs.watch("shop", never), runs.watch("shop", never)].map((each) =>
      each[Symbol.asyncIterator]().next(),
    );
    const failure = new Failure("too-much", "LIMIT_REACHED", "Too many.");
    watches[0]?.fail(failure);
    for (const each of failing) await expect(each).rejects.toBe(failure);
    const again = runs.watch("shop", never)[Symbol.asyncIterator]();
    const waiting = again.next();
    watches[1]?.put([object("a", 1)]);
    expect(names(await waiting)).toEqual(["a"]);
    await again.return?.();
    await expect.poll(() => watches[1]?.left).toBe(true);
    void runs.watch("shop", never)[Symbol.asyncIterator]().next();
    expect(watches).toHaveLength(3);
  });
});
