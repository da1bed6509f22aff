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

function sourceThat(open: LogSource["open"]): LogSource {
  return {
    name: "store",
    kind: "fake",
    openLimit: 1,
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
});
