import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createEgress } from "../../src/egress/egress.ts";
import { createLokiStore, loki } from "../../src/sources/loki.ts";
import type { EntriesPiece, OpenOptions } from "../../src/sources/source.ts";
import { SourceError } from "../../src/sources/source-error.ts";
import { parseNanos } from "../../src/template/times.ts";
import { describeSource } from "../conformance/describe-source.ts";
import { startPodsWorld } from "../conformance/pods-world.ts";
import { type ModelStream, startModelLoki } from "../fakes/model-loki.ts";
import { SHIPPERS } from "../fakes/shippers.ts";
import { startRealLokiWorld } from "./loki-world.ts";
import { type Loki, startLoki } from "./servers/loki.ts";

const STARTED = "2026-01-01T10:00:00Z";
const FINISHED = "2026-01-01T10:10:00Z";
const START = parseNanos(STARTED);
const at = (nanos: bigint | number): string => `${START + BigInt(nanos)}`;
/** Of one answer of the second server. */
const MAX_ENTRIES = 7;

let server: Loki;
let small: Loki;

beforeAll(async () => {
  const folder = inject("folder");
  server = await startLoki({ folder });
  small = await startLoki({ folder, maxEntries: MAX_ENTRIES, tenants: true });
});
afterAll(async () => {
  await server?.server.stop();
  await small?.server.stop();
});

interface Reading extends OpenOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly values?: Readonly<Record<string, string | undefined>>;
}

async function piecesOf(url: string, { config = {}, values = {}, ...options }: Reading): Promise<EntriesPiece[]> {
  const settings = loki.schema.parse({ url, ...(config.query === undefined && { preset: "alloy" }), ...config });
  const clock = { now: () => Date.parse("2026-02-01T00:00:00Z") };
  const compiled = loki.compile(settings, { vars: {}, folder: ".", env: {}, clock, attempt: (_, work) => work() });
  if (compiled === undefined) throw new Error("The settings have faults.");
  const store = createLokiStore(compiled, { name: "loki", egress: createEgress() });
  const none = () => undefined;
  const variables = { startedAt: STARTED, finishedAt: FINISHED, ...values };
  const lookups = { label: none, annotation: none, arg: none, freight: none };
  const target = { facts: { project: "shop", metric: "smoke" }, values: { variables, lookups } };
  const pieces: EntriesPiece[] = [];
  try {
    const log = await store.open(target, new AbortController().signal, options);
    for await (const piece of log.pieces) pieces.push(piece);
  } finally {
    await store.close();
  }
  return pieces;
}

async function linesOf(url: string, reading: Reading): Promise<string[]> {
  const pieces = await piecesOf(url, reading);
  return Buffer.concat(pieces.map(({ bytes }) => bytes))
    .toString()
    .split("\n")
    .slice(0, -1);
}

/** Different for each test, since Loki keeps everything. */
let jobs = 0;
function newJob(): { jobNamespace: string; jobName: string; podPrefix: string; container: string } {
  jobs += 1;
  const jobName = `00000000-0000-4000-8000-${String(jobs).padStart(12, "0")}.smoke.1`;
  return { jobNamespace: "shop", jobName, podPrefix: `${jobName}-`, container: "main" };
}

describe("a real Loki", () => {
  it.each(Object.entries(SHIPPERS))("gives the log that %s has shipped, by its preset", async (name, ship) => {
    const values = newJob();
    const own = { namespace: "shop", pod: `${values.jobName}-abcde`, container: "main" };
    await server.push([
      ...ship(own, [
        [at(1), "one"],
        [at(2), "two", "stderr"],
        [at(3), 'three "quoted" \u001b[31m✔\u001b[0m\ttab'],
      ]),
      ...ship({ ...own, container: "sidecar" }, [[at(4), "of the sidecar"]]),
    ]);
    const config = { preset: name.split(" ")[0] };
    const wanted = ["one", "two", 'three "quoted" \u001b[31m✔\u001b[0m\ttab'];
    expect(await linesOf(server.url, { config, values })).toEqual(wanted);
    expect(await linesOf(server.url, { config, values, tailLines: 2 })).toEqual(wanted.slice(1));
  });

  it("accepts every query that names make, and gives that container's lines alone", async () => {
    const hostile = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
      fc.stringMatching(/^["\\{}|=~`#.*+?()[\]^$a]{1,20}$/),
      fc.constantFrom('a"} or {container=~".+', "a|b", ".*", "(?i)x", "a\\", "\t"),
    );
    await server.push([{ stream: { namespace: "bank", pod: "a", container: "b" }, values: [[at(1), "of the bank"]] }]);
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (jobNamespace, pod, container) => {
        jobs += 1;
        const podName = `${pod}-${jobs}`;
        const labels = { namespace: jobNamespace, pod: podName, container };
        await server.push([{ stream: labels, values: [[at(jobs), `own ${jobs}`]] }]);
        const values = { jobNamespace, jobName: pod, podPrefix: `${pod}-`, container };
        expect(await linesOf(server.url, { values: { ...values, podName } })).toEqual([`own ${jobs}`]);
        expect(await linesOf(server.url, { values })).toContain(`own ${jobs}`);
        expect(await linesOf(server.url, { values })).not.toContain("of the bank");
      }),
      { numRuns: 40 },
    );
  });

  it("gives the same lines as the model of Loki that the source's other tests use", async () => {
    const times = fc.array(fc.nat(5), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(times, times, fc.integer({ min: 1, max: 25 }), async (out, err, tailLines) => {
        const values = newJob();
        const streamOf = (stream: string, nanos: readonly number[]): ModelStream => ({
          stream: { namespace: "shop", pod: `${values.jobName}-abcde`, container: "main", stream },
          values: nanos.toSorted((a, b) => a - b).map((each, index) => [at(each), `${stream} ${each} ${index}`]),
        });
        const streams = [streamOf("stdout", out), streamOf("stderr", err)];
        const model = await startModelLoki(streams);
        model.maxEntries = MAX_ENTRIES;
        await small.push(streams, "shop");
        const config = { tenant: "${{ jobNamespace }}" };
        for (const options of [{}, { tailLines }, { until: "2026-01-01T10:00:00.000000003Z" }]) {
          const [real, modelled] = await Promise.all(
            [small.url, model.origin].map((url) => piecesOf(url, { config, values, ...options })),
          );
          const shown = (pieces: readonly EntriesPiece[] = []) =>
            pieces.map(({ bytes, times: { times: each, starts }, missing }) => [
              Buffer.from(bytes).toString(),
              each,
              starts,
              missing,
            ]);
          expect(shown(real)).toEqual(shown(modelled));
        }
        await model.close();
      }),
      { numRuns: 25 },
    );
  });

  it("tells its limit, and a notice says where it gives not all lines of one time", async () => {
    const values = newJob();
    const lines = (count: number) => Array.from({ length: count }, (_, index) => [at(5), `line ${index}`] as const);
    const stream = { namespace: "shop", pod: `${values.jobName}-abcde`, container: "main" };
    await small.push([{ stream, values: [[at(1), "first"], ...lines(3 * MAX_ENTRIES), [at(6), "last"]] }], "limits");
    const pieces = await piecesOf(small.url, { values, config: { tenant: "limits" } });
    expect(pieces.map(({ times, missing }) => [times.starts.length, missing !== undefined])).toEqual([
      [1, false],
      [MAX_ENTRIES, false],
      [MAX_ENTRIES, true],
      [1, false],
    ]);
  });

  it("keeps tenants apart, and refuses requests without one", async () => {
    const values = newJob();
    const stream = { namespace: "shop", pod: `${values.jobName}-abcde`, container: "main" };
    await small.push([{ stream, values: [[at(1), "of a"]] }], "team-a");
    await small.push([{ stream, values: [[at(1), "of b"]] }], "team-b");
    const config = { tenant: "team-${{ stage }}" };
    expect(await linesOf(small.url, { config, values: { ...values, stage: "a" } })).toEqual(["of a"]);
    const refused = linesOf(small.url, { values });
    await expect(refused).rejects.toThrow('Source "loki" answered 401.');
    const both = linesOf(small.url, { config, values: { ...values, stage: "a|team-b" } });
    await expect(both).rejects.toThrow(SourceError);
  });

  it("refuses a query that is no LogQL", async () => {
    const config = { query: '{app="a"} | no such stage' };
    await expect(linesOf(server.url, { config, values: newJob() })).rejects.toThrow("does not accept the query");
  });

  it("tells the attempts apart of a metric with a long name", async () => {
    const uid = "00000000-0000-4000-9000-000000000001";
    const attempts = [1, 2, 10].map((number, index) => {
      const jobName = `${uid}.metric-of-20-letters.${number}`;
      const podPrefix = `${jobName}-`.slice(0, 58);
      const begin = Date.parse(STARTED) + index * 120_000;
      const [startedAt, finishedAt] = [begin, begin + 60_000].map((ms) => new Date(ms).toISOString());
      return { jobNamespace: "shop", container: "main", jobName, podPrefix, startedAt, finishedAt, index };
    });
    await server.push(
      attempts.map(({ jobName, podPrefix, startedAt = "", index }) => ({
        stream: { namespace: "shop", container: "main", pod: `${podPrefix}pod${index}x` },
        values: [[`${parseNanos(startedAt) + 5_000_000_000n}`, `of ${jobName}`]],
      })),
    );
    expect(new Set(attempts.map(({ podPrefix }) => podPrefix)).size).toBe(1);
    for (const { index, ...values } of attempts) {
      expect(await linesOf(server.url, { values })).toEqual([`of ${values.jobName}`]);
    }
  });
});

describeSource({
  ...loki,
  name: "loki (a real one)",
  provesEnd: true,
  hidesEmpty: true,
  start: (options) => startRealLokiWorld(server, options),
  startOther: startPodsWorld,
});
