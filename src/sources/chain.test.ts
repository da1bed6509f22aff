import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import { inOrder, openFirst } from "./chain.ts";
import type { LogSource, LogTarget, OpenedLog } from "./source.ts";
import { SourceError } from "./source-error.ts";

const target: LogTarget = {
  facts: { project: "shop", metric: "smoke" },
  values: {
    variables: {},
    lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
  },
};
const log: OpenedLog = {
  kind: "file",
  body: (async function* () {})(),
  mediaType: undefined,
  charset: undefined,
  delimited: true,
};
const signal = new AbortController().signal;

/** A source that answers with a log, an error or, without either, does not match. */
function source(name: string, answer?: OpenedLog | Error, live = false): LogSource & { readonly asked: () => number } {
  let asked = 0;
  return {
    name,
    kind: "fake",
    capabilities: { live, ranges: false, tellsTimes: false, since: false, tail: false },
    settleMs: 0,
    openLimit: 1,
    matches: () => answer !== undefined,
    open: async () => {
      asked += 1;
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
    asked: () => asked,
  };
}

const failed = (name: string, outcome: SourceError["outcome"], did = "did something", httpStatus?: number) =>
  source(name, new SourceError(name, outcome, did, httpStatus === undefined ? {} : { httpStatus }));

const openAll = (sources: readonly LogSource[], stop = signal) =>
  openFirst(sources, target.facts, { signal: stop, open: (each) => each.open(target, stop) });

async function failureOf(sources: readonly LogSource[]): Promise<Failure> {
  const error: unknown = await openAll(sources).catch((each: unknown) => each);
  if (!(error instanceof Failure)) throw error;
  return error;
}

describe("openFirst", () => {
  it("asks no further once a source has the log, and tells what came before", async () => {
    const rest = source("rest", log);
    const sources = [source("other"), failed("first", "not-found", "answered 404", 404), source("second", log), rest];
    const found = await openAll(sources);
    expect(found.source).toBe(sources[2]);
    expect(found.log).toBe(log);
    expect(found.tries).toEqual([
      { source: "other", outcome: "not-matched", message: 'Source "other" is not configured for this run.' },
      { source: "first", outcome: "not-found", httpStatus: 404, message: 'Source "first" answered 404.' },
    ]);
    expect(rest.asked()).toBe(0);
  });

  it.each([
    [true, ["pods", "nodes", "s3", "loki"]],
    [false, ["s3", "loki", "pods", "nodes"]],
  ])("keeps the given order within live sources and archives (live first: %s)", async (preferLive, order) => {
    const nothing = (name: string, live: boolean) => source(name, new SourceError(name, "not-found", "has none"), live);
    const sources = [nothing("s3", false), nothing("pods", true), nothing("loki", false), nothing("nodes", true)];
    const error = (await openAll(inOrder(sources, preferLive)).catch((each) => each)) as Failure;
    expect(error.tries?.map((each) => each.source)).toEqual(order);
  });

  it("says for each source what happened, in few words", async () => {
    const failure = await failureOf([
      failed("archive", "not-found", "answered 404", 404),
      failed("loki", "not-found", "has no lines"),
    ]);
    expect(failure.message).toBe('No log: source "archive" answered 404; source "loki" has no lines.');
    expect(failure.tries).toHaveLength(2);
    expect(failure.next).toMatch(/\.$/);
  });

  it.each<[SourceError["outcome"][], string, string]>([
    [["not-found", "refused", "silent", "unavailable"], "unavailable", "SOURCE_UNAVAILABLE"],
    [["silent", "not-found", "refused"], "silent", "SOURCE_SILENT"],
    [["not-found", "refused", "variable-missing"], "refused", "BACKEND_REFUSED"],
    [["variable-missing", "value-refused"], "not-found", "LOG_NOT_FOUND"],
  ])("makes of %j a failure of kind %s", async (outcomes, kind, reason) => {
    const failure = await failureOf(outcomes.map((outcome, at) => failed(`s${at}`, outcome)));
    expect(failure).toMatchObject({ kind, reason });
    expect(failure.next).toBeDefined();
    expect(failure.tries?.map(({ outcome }) => outcome)).toEqual(outcomes);
  });

  it("keeps the reasons that no reader may see as its cause: the one, or all of them", async () => {
    const down = (name: string) => new SourceError(name, "unavailable", "is down", { cause: new Error("10.0.0.1") });
    const [archive, loki] = [down("archive"), down("loki")];
    const missing = failed("missing", "not-found", "answered 404", 404);
    expect((await failureOf([missing])).cause).toBeUndefined();
    expect((await failureOf([missing, source("archive", archive)])).cause).toBe(archive);
    const all = await failureOf([source("archive", archive), missing, source("loki", loki)]);
    expect(all.cause).toMatchObject({ name: "AggregateError", errors: [archive, loki] });
    expect(JSON.stringify(all)).not.toContain("10.0.0.1");
  });

  it("finds no log where no source is meant for the run", async () => {
    const failure = await failureOf([source("archive")]);
    expect(failure).toMatchObject({ kind: "not-found", reason: "LOG_NOT_FOUND" });
    expect(failure.message).toBe('No log: source "archive" is not configured for this run.');
  });

  it("says so when no sources are configured at all", async () => {
    expect(await failureOf([])).toMatchObject({ kind: "not-configured", reason: "NOT_CONFIGURED", tries: [] });
  });

  it("passes an abort through, and asks nobody after it", async () => {
    const reason = new Error("left");
    const abort = new AbortController();
    const next = source("next", log);
    const aborting: LogSource = {
      ...source("first", log),
      open: async () => {
        abort.abort(reason);
        throw new SourceError("first", "unavailable", "broke off");
      },
    };
    await expect(openAll([aborting, next], abort.signal)).rejects.toBe(reason);
    await expect(openAll([next], abort.signal)).rejects.toBe(reason);
    expect(next.asked()).toBe(0);
  });

  it("does not hide a defect of a source", async () => {
    const defect = new TypeError("x is not a function");
    await expect(openAll([source("s", defect), source("t", log)])).rejects.toBe(defect);
  });
});
