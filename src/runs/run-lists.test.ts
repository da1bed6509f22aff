import { describe, expect, it } from "vitest";
import { createGate, type Gate } from "../../test/fakes/byte-source.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { RunLists } from "./run-lists.ts";

const never = new AbortController().signal;
const object = (name: string) => ({
  metadata: { name, namespace: "shop", uid: name, creationTimestamp: "2026-01-01T00:00:00Z" },
});

/** An API server whose lists end when the test says so. */
function slowApi() {
  const lists: {
    readonly labelSelector: string | undefined;
    readonly gate: Gate<void>;
    readonly signal: AbortSignal;
  }[] = [];
  const kube: Pick<KubeApi, "list"> = {
    async *list(_resource, _namespace, { labelSelector, signal }) {
      const own = { labelSelector, gate: createGate(), signal };
      const name = `of-list-${lists.push(own)}`;
      await own.gate.opened;
      yield [object(name)];
    },
  };
  const untilListed = async (count: number): Promise<void> => {
    while (lists.length < count) await new Promise(setImmediate);
  };
  return { kube, lists, untilListed };
}

describe("a list of a project's runs", () => {
  it("is read once for all who ask while another one is being read", async () => {
    const { kube, lists, untilListed } = slowApi();
    const runLists = new RunLists(kube, { newest: () => undefined });
    const read = () => runLists.read("shop", undefined, never);
    const first = read();
    await untilListed(1);
    const others = [read(), read(), read()];
    lists[0]?.gate.open();
    expect((await first).runs).toMatchObject([{ name: "of-list-1" }]);
    await untilListed(2);
    lists[1]?.gate.open();
    for (const each of await Promise.all(others)) expect(each.runs).toMatchObject([{ name: "of-list-2" }]);
    expect(lists).toHaveLength(2);
  });

  it("is of one Stage where the label can say so, and read apart", async () => {
    const { kube, lists, untilListed } = slowApi();
    const runLists = new RunLists(kube, { newest: () => undefined });
    const reads = [undefined, "uat", "x".repeat(64)].map((stage) => runLists.read("shop", stage, never));
    await untilListed(2);
    expect(lists.map(({ labelSelector }) => labelSelector)).toEqual([undefined, "kargo.akuity.io/stage=uat"]);
    for (const { gate } of lists) gate.open();
    expect(await Promise.all(reads)).toHaveLength(3);
  });

  it("is no longer read once all who asked have left, and does not fail for those who come then", async () => {
    const { kube, lists, untilListed } = slowApi();
    const runLists = new RunLists(kube, { newest: () => undefined });
    const leave = new AbortController();
    const first = runLists.read("shop", undefined, leave.signal);
    await untilListed(1);
    const queued = runLists.read("shop", undefined, leave.signal);
    leave.abort(new Error("left"));
    for (const each of [first, queued]) await expect(each).rejects.toThrow("left");
    expect(lists[0]?.signal.aborted).toBe(true);
    const next = runLists.read("shop", undefined, never);
    lists[0]?.gate.open();
    await untilListed(2);
    lists[1]?.gate.open();
    expect((await next).runs).toMatchObject([{ name: "of-list-2" }]);
  });

  it("fails for those who share it only", async () => {
    let fails = true;
    const kube: Pick<KubeApi, "list"> = {
      async *list() {
        if (fails) throw new Error("down");
        yield [object("a")];
      },
    };
    const runLists = new RunLists(kube, { newest: () => undefined });
    await expect(runLists.read("shop", undefined, never)).rejects.toThrow("down");
    fails = false;
    expect((await runLists.read("shop", undefined, never)).runs).toHaveLength(1);
  });

  it("is that of an open watch", async () => {
    const { kube, lists } = slowApi();
    const runLists = new RunLists(kube, { newest: (namespace) => (namespace === "shop" ? [] : undefined) });
    expect(await runLists.read("shop", undefined, never)).toEqual({ runs: [], incomplete: false });
    expect(lists).toEqual([]);
  });
});
