import { describe, expect, it } from "vitest";
import { limitConnections } from "./limit-connections.ts";
import type { LogSource, LogTarget, OpenedLog } from "./source.ts";

const target = {
  facts: { project: "p", metric: "m" },
  values: {
    variables: {},
    lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
  },
} satisfies LogTarget;

const log: OpenedLog = {
  kind: "file",
  body: (async function* () {})(),
  mediaType: undefined,
  charset: undefined,
  delimited: true,
};

function sourceThat(open: LogSource["open"], openLimit = 1): LogSource {
  return {
    name: "store",
    kind: "fake",
    openLimit,
    capabilities: { live: false, ranges: false, tellsTimes: false, since: false, tail: false },
    settleMs: 0,
    matches: () => true,
    open,
  };
}

describe("limitConnections", () => {
  it("refuses a log beyond the limit, and names the limit", async () => {
    const source = limitConnections(sourceThat(async () => log));
    await source.open(target, new AbortController().signal);
    await expect(source.open(target, new AbortController().signal)).rejects.toMatchObject({
      kind: "too-much",
      reason: "SOURCE_BUSY",
      message: 'Source "store" has 1 logs open, which is its limit.',
    });
  });

  it("counts a log until its signal is aborted", async () => {
    const source = limitConnections(sourceThat(async () => log));
    const first = new AbortController();
    await source.open(target, first.signal);
    first.abort();
    await expect(source.open(target, new AbortController().signal)).resolves.toBe(log);
  });

  it("does not count a log that failed to open, nor count one twice that was aborted while opening", async () => {
    const refused = new Error("no such log");
    let answer: () => Promise<OpenedLog> = () => Promise.reject(refused);
    const source = limitConnections(sourceThat(() => answer()));
    const stop = new AbortController();
    await expect(source.open(target, stop.signal)).rejects.toBe(refused);
    stop.abort();
    const aborted = new AbortController();
    answer = () => {
      aborted.abort();
      return Promise.reject(refused);
    };
    await expect(source.open(target, aborted.signal)).rejects.toBe(refused);
    answer = () => Promise.resolve(log);
    await source.open(target, new AbortController().signal);
    await expect(source.open(target, new AbortController().signal)).rejects.toMatchObject({ reason: "SOURCE_BUSY" });
  });

  it("does not count a log whose reader has already left", async () => {
    const source = limitConnections(
      sourceThat(async (_, signal) => {
        signal.throwIfAborted();
        return log;
      }),
    );
    const left = AbortSignal.abort(new Error("left"));
    for (let times = 0; times < 3; times += 1) await expect(source.open(target, left)).rejects.toThrow("left");
    await expect(source.open(target, new AbortController().signal)).resolves.toBe(log);
  });

  it("leaves three quarters of the logs to other callers, and one log at least to each", async () => {
    for (const [limit, share] of [
      [8, 2],
      [256, 64],
      [3, 1],
    ] as const) {
      const source = limitConnections(sourceThat(async () => log, limit));
      const open = (caller: string, stop = new AbortController()) => source.open(target, stop.signal, { caller });
      const first = new AbortController();
      await open("ann", first);
      for (let own = 1; own < share; own += 1) await open("ann");
      await expect(open("ann")).rejects.toMatchObject({
        kind: "too-much",
        reason: "SOURCE_BUSY",
        message: `You have ${share} logs open at source "store", the limit for one caller: a quarter of its ${limit}.`,
      });
      await open("bob");
      first.abort();
      await open("ann");
      await expect(open("ann")).rejects.toMatchObject({ reason: "SOURCE_BUSY" });
    }
  });
});
