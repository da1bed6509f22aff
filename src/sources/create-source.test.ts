import { describe, expect, it } from "vitest";
import * as z from "zod";
import { creatingApi } from "../../test/fakes/kube-api.ts";
import { configJsonSchema } from "../config/json-schema.ts";
import { parseConfig } from "../config/load.ts";
import { sleep } from "../sleep.ts";
import { createSourceMeter } from "../telemetry/source-health.ts";
import { createSource } from "./create-source.ts";
import { lookupsOf } from "./lookups.ts";
import { SOURCE_KINDS } from "./registry.ts";
import { SourceError } from "./source-error.ts";
import type { SourceKind } from "./source-kind.ts";

const clock = { now: () => 0 };
const target = {
  facts: { project: "shop", metric: "smoke" },
  values: {
    variables: {},
    lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
  },
};

/** A kind that never has a log. */
const shelf = {
  kind: "shelf",
  schema: z.strictObject({ board: z.string() }),
  hosts: () => [],
  capabilities: { live: false, ranges: false, tellsTimes: true, since: true, tail: false },
  compile: ({ board }, { attempt }) =>
    attempt(["board"], () => {
      if (board === "loose") throw new Error("the board is loose");
      return { board };
    }),
  lookups: ({ board }) => lookupsOf([{ names: new Set([board]) }]),
  create: ({ board }, { name }) => ({
    open: () => Promise.reject(new SourceError(name, "not-found", `has nothing on ${board}`)),
  }),
} satisfies SourceKind<{ board: string }, { board: string }>;

const limits = { decompress: { ratio: 200, ratioFreeBytes: 1024 }, scanBytes: 1024 };

function parse(source: object, kinds?: readonly SourceKind[]) {
  const text = JSON.stringify({ sources: [{ name: "s", ...source }] });
  return parseConfig(text, { name: "t.yaml", folder: ".", env: {}, clock, ...(kinds && { kinds }) });
}

function create(source: object, kinds?: readonly SourceKind[], meter = createSourceMeter(clock)) {
  const { sources, egress } = parse(source, kinds);
  const [compiled] = sources;
  if (compiled === undefined) throw new Error("no source");
  return createSource(compiled, { egress, kube: creatingApi(() => undefined), clock, sleep, limits, meter });
}

describe("a source", () => {
  it("has the capabilities of its kind, and settles in 30 s", () => {
    expect(create({ http: { url: "https://logs.example.com/a" } })).toMatchObject({
      name: "s",
      kind: "http",
      capabilities: { live: false, ranges: true, tellsTimes: false },
      settleMs: 30_000,
      openLimit: 256,
    });
    expect(create({ kubernetes: {} })).toMatchObject({
      kind: "kubernetes",
      capabilities: { live: true, ranges: false, tellsTimes: true },
      settleMs: 30_000,
    });
  });

  it("matches runs by its patterns", () => {
    const source = create({ kubernetes: {}, match: { project: "sh*" } });
    expect(source.matches({ project: "shop", metric: "m" })).toBe(true);
    expect(source.matches({ project: "bank", metric: "m" })).toBe(false);
  });

  it.each([
    ["any", true, true],
    ["live", true, false],
    ["finished", false, true],
  ])("of phase %s is asked while a job runs: %s, and afterwards: %s", (phase, live, finished) => {
    const source = create({ kubernetes: {}, phase });
    const facts = { project: "shop", metric: "m" };
    expect(source.matches({ ...facts, finished: false })).toBe(live);
    expect(source.matches({ ...facts, finished: true })).toBe(finished);
    // For the tree of a run, every attempt counts.
    expect(source.matches(facts)).toBe(true);
  });

  it.each([{}, { http: { url: "https://logs.example.com/a" }, kubernetes: {} }])(
    "has exactly one kind: %j",
    (source) => {
      expect(() => parse(source)).toThrow("must have either http or kubernetes");
    },
  );
});

describe("an additional kind of source", () => {
  const kinds = [...SOURCE_KINDS, shelf];

  it("has its settings checked and compiled, and faults reported with their position", () => {
    expect(() => parse({ shelf: { board: "loose" } }, kinds)).toThrow("t.yaml:1:43: the board is loose");
    expect(() => parse({ shelf: { bord: "loose" } }, kinds)).toThrow('Did you mean "board"?');
    expect(() => parse({}, kinds)).toThrow(/must have either http or kubernetes .*or shelf/);
    expect(() => parse({ shelf: { board: "upper" } })).toThrow('unknown key "shelf"');
  });

  it("declares its lookups", () => {
    expect(parse({ shelf: { board: "upper" } }, kinds).lookups).toEqual({ shard: false, freight: false });
    expect(parse({ shelf: { board: "shard" } }, kinds).lookups).toEqual({ shard: true, freight: false });
  });

  it("is created, limited and metered like any other", async () => {
    const meter = createSourceMeter(clock);
    const source = create({ shelf: { board: "upper" }, connections: 3 }, kinds, meter);
    expect(source).toMatchObject({ kind: "shelf", capabilities: shelf.capabilities, openLimit: 3 });
    await expect(source.open(target, new AbortController().signal)).rejects.toThrow("has nothing on upper");
    expect(meter.read()).toMatchObject({ fetches: 1, notFound: [{ count: 1 }] });
  });

  it("is not in the published schema", () => {
    expect(JSON.stringify(configJsonSchema())).not.toContain("shelf");
  });
});
