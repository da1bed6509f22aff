import { beforeEach, describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { Failure } from "../failure.ts";
import { RunReader } from "./run-reader.ts";

interface Made {
  readonly phase?: string;
  readonly uid?: string;
  readonly message?: string;
  readonly args?: readonly object[];
}

const REF = { namespace: "shop", name: "run" };
const KEPT = { kept: true };
const never = new AbortController().signal;

function made({ phase = "Failed", uid = "1", message = "", args = [] }: Made = {}): unknown {
  const metadata = { ...REF, uid, creationTimestamp: "2026-01-01T00:00:00Z" };
  return { metadata, spec: { args }, status: { phase, message } };
}

/** An API server with one object, or an error, that answers when the gate is open. */
function createCluster() {
  const clock = { time: 1_000_000, now: () => clock.time };
  const gets: AbortSignal[] = [];
  const cluster = { object: made() as unknown, gate: Promise.resolve() as Promise<unknown>, clock, gets };
  const get = async (_kind: unknown, _namespace: unknown, _name: unknown, signal: AbortSignal): Promise<unknown> => {
    gets.push(signal);
    const { object } = cluster;
    await cluster.gate;
    signal.throwIfAborted();
    if (object instanceof Error) throw object;
    return object;
  };
  return Object.assign(cluster, { runs: new RunReader({ get }, clock) });
}

let cluster: ReturnType<typeof createCluster>;
beforeEach(() => {
  cluster = createCluster();
});

describe("a finished run", () => {
  it.each(["Successful", "Failed", "Error", "Inconclusive"])("is cached for ten seconds: %s", async (phase) => {
    cluster.object = made({ phase });
    const run = await cluster.runs.read(REF, never, KEPT);
    cluster.clock.time += 10_000;
    expect(await cluster.runs.read(REF, never, KEPT)).toBe(run);
    expect(cluster.gets).toHaveLength(1);
    cluster.clock.time += 1;
    await cluster.runs.read(REF, never, KEPT);
    expect(cluster.gets).toHaveLength(2);
  });

  it("is not cached for longer if the clock is set back", async () => {
    await cluster.runs.read(REF, never, KEPT);
    cluster.clock.time -= 60_000;
    await cluster.runs.read(REF, never, KEPT);
    cluster.clock.time += 10_001;
    await cluster.runs.read(REF, never, KEPT);
    expect(cluster.gets).toHaveLength(2);
  });

  it("is read again on request, and the new version is cached", async () => {
    await cluster.runs.read(REF, never, KEPT);
    cluster.object = made({ uid: "2" });
    expect(await cluster.runs.read(REF, never)).toMatchObject({ uid: "2" });
    expect(await cluster.runs.read(REF, never, KEPT)).toMatchObject({ uid: "2" });
    expect(cluster.gets).toHaveLength(2);
  });

  it.each([
    ["no longer exists", undefined],
    ["runs again", made({ phase: "Running" })],
  ])("is no longer cached once a read shows that it %s", async (_, object) => {
    await cluster.runs.read(REF, never, KEPT);
    cluster.object = object;
    await cluster.runs.read(REF, never);
    const now = await cluster.runs.read(REF, never, KEPT);
    expect(now?.phase).toBe(object === undefined ? undefined : "Running");
    expect(cluster.gets).toHaveLength(3);
  });

  it("stays cached if reading it again fails", async () => {
    const run = await cluster.runs.read(REF, never, KEPT);
    cluster.object = new Failure("unavailable", "KUBERNETES_UNAVAILABLE", "down");
    await expect(cluster.runs.read(REF, never)).rejects.toThrow("down");
    expect(await cluster.runs.read(REF, never, KEPT)).toBe(run);
  });

  it("is one of at most a thousand cached runs", async () => {
    const read = (index: number) => cluster.runs.read({ ...REF, name: `run-${index}` }, never, KEPT);
    for (let index = 0; index <= 1_000; index += 1) await read(index);
    await read(1_000);
    await read(0);
    expect(cluster.gets).toHaveLength(1_002);
  });

  it("is not cached if it is too large, alone or together with others", async () => {
    const read = async (index: number, length: number) => {
      const values = Array.from({ length: 100 }, () => "x".repeat(length / 100));
      cluster.object = made({ args: values.map((value, at) => ({ name: `arg-${at}`, value })) });
      await cluster.runs.read({ ...REF, name: `run-${index}` }, never, KEPT);
      return cluster.gets.length;
    };
    expect([await read(0, 1_000_000), await read(0, 1_000_000)]).toEqual([1, 2]);
    for (let index = 1; index <= 20; index += 1) await read(index, 900_000);
    expect([await read(20, 0), await read(1, 0)]).toEqual([22, 23]);
  });
});

describe("a result that is never cached", () => {
  it.each([
    ["a running run", made({ phase: "Running" })],
    ["a run without a phase", made({ phase: "" })],
    ["a missing run", undefined],
  ])("is %s", async (_, object) => {
    cluster.object = object;
    await cluster.runs.read(REF, never, KEPT);
    await cluster.runs.read(REF, never, KEPT);
    expect(cluster.gets).toHaveLength(2);
  });

  it("is a failure", async () => {
    cluster.object = new Failure("unavailable", "KUBERNETES_UNAVAILABLE", "down");
    await expect(cluster.runs.read(REF, never, KEPT)).rejects.toThrow("down");
    cluster.object = made();
    expect(await cluster.runs.read(REF, never, KEPT)).toMatchObject({ uid: "1" });
  });

  it("is that of an older GET after a newer one", async () => {
    const gate = createGate();
    cluster.gate = gate.opened;
    const older = cluster.runs.read(REF, never, KEPT);
    cluster.gate = Promise.resolve();
    cluster.object = undefined;
    expect(await cluster.runs.read(REF, never)).toBeUndefined();
    gate.open();
    expect(await older).toMatchObject({ uid: "1" });
    expect(await cluster.runs.read(REF, never, KEPT)).toBeUndefined();
  });
});

describe("a GET in progress", () => {
  it.each([
    ["has ended", made()],
    ["is running", made({ phase: "Running" })],
    ["does not exist", undefined],
  ])("is shared by all reads that accept a cached run, if the run %s", async (_, object) => {
    cluster.object = object;
    const gate = createGate();
    cluster.gate = gate.opened;
    const reads = Array.from({ length: 16 }, () => cluster.runs.read(REF, never, KEPT));
    gate.open();
    expect(new Set(await Promise.all(reads)).size).toBe(1);
    expect(cluster.gets).toHaveLength(1);
  });

  it("is not shared by a read that must be new: it may have been answered before", async () => {
    const gate = createGate();
    cluster.gate = gate.opened;
    const older = cluster.runs.read(REF, never, KEPT);
    cluster.object = made({ uid: "2" });
    const newer = cluster.runs.read(REF, never);
    gate.open();
    expect([(await older)?.uid, (await newer)?.uid]).toEqual(["1", "2"]);
  });

  it("continues for the others when the first caller leaves", async () => {
    const gate = createGate();
    cluster.gate = gate.opened;
    const first = new AbortController();
    const leaving = cluster.runs.read(REF, first.signal, KEPT);
    const staying = cluster.runs.read(REF, never, KEPT);
    first.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    expect(cluster.gets[0]?.aborted).toBe(false);
    gate.open();
    expect(await staying).toMatchObject({ uid: "1" });
  });

  it("is aborted when all callers have left, and not joined after that", async () => {
    const gate = createGate();
    cluster.gate = gate.opened;
    const leave = new AbortController();
    const leaving = [1, 2].map(() => cluster.runs.read(REF, leave.signal, KEPT));
    leave.abort(new Error("left"));
    for (const each of await Promise.allSettled(leaving)) expect(each).toMatchObject({ reason: { message: "left" } });
    expect(cluster.gets[0]?.aborted).toBe(true);
    const next = cluster.runs.read(REF, never, KEPT);
    gate.open();
    expect(await next).toMatchObject({ uid: "1" });
    expect(cluster.gets).toHaveLength(2);
  });

  it("is not sent for a caller who has already left", async () => {
    await expect(cluster.runs.read(REF, AbortSignal.abort("gone"))).rejects.toBe("gone");
    expect(cluster.gets).toEqual([]);
  });
});
