import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type ModelLoki, type ModelStream, sendJson, startModelLoki } from "../../test/fakes/model-loki.ts";
import { SHIPPERS } from "../../test/fakes/shippers.ts";
import { createEgress } from "../egress/egress.ts";
import type { Sleep } from "../sleep.ts";
import { parseNanos } from "../template/times.ts";
import { createLokiStore, loki } from "./loki.ts";
import type { EntriesPiece, LogTarget, OpenOptions } from "./source.ts";
import { SourceError } from "./source-error.ts";

const UID = "00000000-0000-4000-8000-000000000001";
const JOB = `${UID}.smoke.1`;
const STARTED = "2026-01-01T10:00:00Z";
const FINISHED = "2026-01-01T10:10:00Z";
const LABELS = { namespace: "shop", pod: `${JOB}-abcde`, container: "main" };
const START = parseNanos(STARTED);
const MINUTE = 60_000_000_000n;
const at = (nanos: bigint | number): string => `${START + BigInt(nanos)}`;

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function start(...streams: readonly ModelStream[]): Promise<ModelLoki> {
  const model = await startModelLoki(streams);
  closers.push(model.close);
  return model;
}

type Config = Partial<Parameters<typeof loki.schema.parse>[0] & object>;

interface Reading extends OpenOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, string | undefined>>;
  readonly now?: string;
  readonly sleep?: Sleep;
  readonly signal?: AbortSignal;
}

function targetOf(variables: Reading["values"] = {}): LogTarget {
  const none = () => undefined;
  return {
    facts: { project: "shop", metric: "smoke" },
    values: {
      variables: {
        project: "shop",
        jobNamespace: "shop",
        jobName: JOB,
        podPrefix: `${JOB}-`,
        container: "main",
        startedAt: STARTED,
        finishedAt: FINISHED,
        ...variables,
      },
      lookups: { label: none, annotation: none, arg: none, freight: none },
    },
  };
}

function storeAt(model: ModelLoki, { config = {}, vars = {}, now = "2026-02-01T00:00:00Z", sleep }: Reading) {
  const clock = { now: () => Date.parse(now) };
  const { query } = config as Config & { query?: string };
  const settings = loki.schema.parse({ url: model.origin, ...(query === undefined && { preset: "alloy" }), ...config });
  const compiled = loki.compile(settings, {
    vars,
    folder: ".",
    env: { PASSWORD: "pass:word", TOKEN: "store-token" },
    clock,
    attempt: (_, work) => work(),
  });
  if (compiled === undefined) throw new Error("The settings have faults.");
  const store = createLokiStore(compiled, { name: "loki", egress: createEgress(), ...(sleep && { sleep }) });
  closers.push(store.close);
  return store;
}

/** Reads a log, as pieces. */
async function piecesOf(model: ModelLoki, reading: Reading = {}): Promise<EntriesPiece[]> {
  const { values, signal = new AbortController().signal, since, until, tailLines } = reading;
  const log = await storeAt(model, reading).open(targetOf(values), signal, { since, until, tailLines });
  const pieces: EntriesPiece[] = [];
  for await (const piece of log.pieces) pieces.push(piece);
  return pieces;
}

/** Reads a log, as lines. */
async function linesOf(model: ModelLoki, reading?: Reading): Promise<string[]> {
  const pieces = await piecesOf(model, reading);
  return Buffer.concat(pieces.map(({ bytes }) => bytes))
    .toString()
    .split("\n")
    .slice(0, -1);
}

/** The error of a read that is expected to fail. Expects that it does not reveal the store's address or words. */
async function errorOf(reading: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await reading.then(
    () => undefined,
    (each: unknown) => each,
  );
  if (!(error instanceof SourceError)) throw new Error("no SourceError", { cause: error });
  expect(error.message).not.toMatch(/127\.0|localhost|http:|secret|namespace|:\d/);
  return error;
}

const oneLine: ModelStream = { stream: LABELS, values: [[at(1), "one"]] };

describe("a request to Loki", () => {
  it("asks for the container's lines between the attempt's start and end, with slack for clocks that differ", async () => {
    const model = await start(oneLine);
    expect(await linesOf(model)).toEqual(["one"]);
    expect(model.requests[0]).toMatchObject({
      path: "/loki/api/v1/query_range",
      parameters: {
        query: `{namespace="shop", pod=~"${JOB.replaceAll(".", "\\\\.")}-.*", container="main"}`,
        start: String(START - 5n * MINUTE),
        end: String(START + 15n * MINUTE),
        limit: "5000",
        direction: "forward",
      },
    });
  });

  it("asks for little slack if it is configured so", async () => {
    const model = await start(oneLine);
    await linesOf(model, { config: { slack: "1s" } });
    expect(model.requests[0]?.parameters.start).toBe(String(START - MINUTE / 60n));
  });

  it("keeps the path of the address", async () => {
    const model = await start(oneLine);
    expect(await linesOf(model, { config: { url: `${model.origin}/logs/` } })).toEqual(["one"]);
    expect(model.requests[0]?.path).toBe("/logs/loki/api/v1/query_range");
  });

  it("does not ask for the youngest lines of a running job: other streams may still have older ones", async () => {
    const model = await start(oneLine);
    await linesOf(model, { values: { finishedAt: undefined }, now: "2026-01-01T10:05:00Z" });
    expect(model.requests[0]?.parameters.end).toBe(String(START + 5n * MINUTE - 2_000_000_000n));
    expect(model.requests).toHaveLength(1);
  });

  it("has the tenant of the template", async () => {
    const model = await start(oneLine);
    await linesOf(model, { config: { tenant: "team-${{ project }}" } });
    expect(model.requests[0]?.headers["x-scope-orgid"]).toBe("team-shop");
  });

  it.each(["a|b", "a/../b", ".", "..", "a b", "a,b", "ä", "x".repeat(151)])(
    "is not made for the tenant %j",
    async (project) => {
      const model = await start(oneLine);
      const error = await errorOf(linesOf(model, { config: { tenant: "${{ project }}" }, values: { project } }));
      expect([error.outcome, model.requests]).toEqual(["value-refused", []]);
    },
  );

  it("has the user and password, or the bearer token", async () => {
    const model = await start(oneLine);
    const basicAuth = { username: "taffrail", password: { env: "PASSWORD" } };
    await linesOf(model, { config: { basicAuth } });
    await linesOf(model, { config: { token: { env: "TOKEN" } } });
    await linesOf(model, { config: { token: { env: "TOKEN" }, headers: { "X-Key": "k ${{ token }}" } } });
    const sent = model.requests
      .map(({ headers }) => [headers.authorization, headers["x-key"]])
      .filter((_, index) => index % 2 === 0);
    expect(sent).toEqual([
      [`Basic ${Buffer.from("taffrail:pass:word").toString("base64")}`, undefined],
      ["Bearer store-token", undefined],
      [undefined, "k store-token"],
    ]);
  });

  it.each([
    [{ url: "http://loki/loki/api/v1/push" }, "without /loki/api/v1"],
    [{ url: "http://loki?x=1" }, "without a query"],
    [{ tenant: "a|b" }, "A tenant is one name"],
    [{ tenant: "${{ project }}|b" }, "A tenant is one name"],
    [{ preset: "alloy", query: '{app="a"}' }, "must have either preset or query"],
    [{ query: "rate({}[1m])" }, "must begin with a stream selector"],
    [
      { headers: { authorization: "x" }, basicAuth: { username: "a", password: { env: "PASSWORD" } } },
      "Authorization as well",
    ],
    [
      { token: { env: "TOKEN" }, basicAuth: { username: "a", password: { env: "PASSWORD" } } },
      "must not have basicAuth and token",
    ],
    [{ basicAuth: { username: "a:b", password: { env: "PASSWORD" } } }, "must not contain a colon"],
    [{ podLabel: "a-b" }, "must be the name of a label"],
    [{ tls: { serverName: "loki" } }, "begins with http://"],
  ])("is not configured by %j", async (config, message) => {
    const model = await start();
    expect(() => storeAt(model, { config })).toThrow(message);
  });

  it("asks newer servers for streams as they are stored, and ignores what these add to lines", async () => {
    const model = await start({
      stream: LABELS,
      values: [[at(1), "one", { structuredMetadata: { detected_level: "error" } }]],
    });
    expect(await linesOf(model)).toEqual(["one"]);
    expect(model.requests[0]?.headers["x-loki-response-encoding-flags"]).toBe("categorize-labels");
  });

  it("is aborted with its reader", async () => {
    const model = await start(oneLine);
    const leaving = new AbortController();
    const closed = Promise.withResolvers<void>();
    model.next.push((response) => {
      response.once("close", closed.resolve);
      leaving.abort(new Error("left"));
    });
    await expect(linesOf(model, { signal: leaving.signal })).rejects.toThrow("left");
    await expect(closed.promise).resolves.toBeUndefined();
  });
});

describe("a log in Loki", () => {
  it("is paged past every limit, in the same order wherever reading begins and ends", async () => {
    const times = fc.array(fc.nat(6), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(times, times, fc.integer({ min: 2, max: 9 }), fc.nat(7), async (out, err, maxEntries, since) => {
        const streamOf = (name: string, nanos: readonly number[]): ModelStream => ({
          stream: { ...LABELS, stream: name },
          values: nanos.toSorted((a, b) => a - b).map((each, index) => [at(each), `${name} ${each} ${index}`]),
        });
        const model = await start(streamOf("stdout", out), streamOf("stderr", err));
        model.maxEntries = maxEntries;
        const all = model.streams.toReversed().flatMap(({ values }) => values);
        // More lines of one time than Loki gives from both ends have a test of their own.
        const counts = Map.groupBy(all, ([time, line]) => time + line[3]);
        fc.pre([...counts.values()].every((lines) => lines.length < 2 * maxEntries) && all.length > 0);
        const wanted = all.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
        expect(await linesOf(model)).toEqual(wanted.map(([, line]) => line));
        for (const tailLines of [1, maxEntries, since + 1, all.length, all.length + 1]) {
          expect(await linesOf(model, { tailLines })).toEqual(wanted.slice(-tailLines).map(([, line]) => line));
        }
        const end = at(since);
        const before = wanted.filter(([time]) => time < end);
        const until = `2026-01-01T10:00:00.00000000${since}Z`;
        expect(await linesOf(model, { until })).toEqual(wanted.slice(0, before.length + 1).map(([, line]) => line));
        await model.close();
      }),
      { numRuns: 30 },
    );
  });

  it("obeys the server's limit once it has been told", async () => {
    const lines = Array.from({ length: 25 }, (_, index) => [at(index), `line ${index}`] as const);
    const model = await start({ stream: LABELS, values: lines });
    model.maxEntries = 10;
    const store = storeAt(model, {});
    const read = async (): Promise<number> => {
      let count = 0;
      const { pieces } = await store.open(targetOf(), new AbortController().signal);
      for await (const { times } of pieces) count += times.starts.length;
      return count;
    };
    expect([await read(), await read()]).toEqual([25, 25]);
    const limits = model.requests.map(({ parameters }) => parameters.limit);
    expect([limits[0], ...new Set(limits.slice(1))]).toEqual(["5000", "10"]);
  });

  it("says where lines are missing if more have one time than Loki gives from both ends", async () => {
    const values = (count: number) => Array.from({ length: count }, (_, index) => [at(5), `line ${index}`] as const);
    const model = await start({ stream: LABELS, values: [[at(1), "first"], ...values(25), [at(9), "last"]] });
    model.maxEntries = 10;
    const pieces = await piecesOf(model);
    const texts = pieces.map(({ bytes, missing }) => [
      Buffer.from(bytes).toString().trim().split("\n"),
      missing !== undefined,
    ]);
    const names = (from: number, to: number) =>
      values(25)
        .slice(from, to)
        .map(([, line]) => line);
    expect(texts).toEqual([
      [["first"], false],
      [names(0, 10), false],
      [names(15, 25), true],
      [["last"], false],
    ]);
  });

  it("is asked for as many lines of one time as the server gives", async () => {
    const values = Array.from({ length: 6_000 }, (_, index) => [at(5), `line ${index}`] as const);
    const model = await start({ stream: LABELS, values });
    model.maxEntries = 50_000;
    const pieces = await piecesOf(model);
    expect(pieces.map(({ times, missing }) => [times.starts.length, missing])).toEqual([[6_000, undefined]]);
  });

  it("is read in smaller pages if its lines are long", async () => {
    const values = Array.from({ length: 40 }, (_, index) => [at(index), `${index} ${"x".repeat(200_000)}`] as const);
    const model = await start({ stream: LABELS, values });
    expect((await linesOf(model)).map((line) => line.length)).toEqual(values.map(([, line]) => line.length));
    const sizes = (await piecesOf(model)).map(({ bytes }) => bytes.length);
    expect(Math.max(...sizes)).toBeLessThan(1024 * 1024);
  });

  it("is read to its end even if an answer has fewer lines than it should", async () => {
    const model = await start(oneLine);
    const short = { stream: LABELS, values: [[at(0), "zero"]] };
    model.next.push((response) =>
      sendJson(response, { status: "success", data: { resultType: "streams", result: [short] } }),
    );
    expect(await linesOf(model)).toEqual(["zero", "one"]);
  });

  it.each(Object.entries(SHIPPERS))(
    "that %s has shipped is found by its preset, and no other container's",
    async (name, ship) => {
      const own = { namespace: "shop", pod: `${JOB}-abcde`, container: "main" };
      const others = [
        { ...own, namespace: "bank" },
        { ...own, pod: `${UID}.smoke.10-abcde` },
        { ...own, container: "sidecar" },
      ];
      const model = await start(
        ...others.flatMap((other) => ship(other, [[at(2), `of ${JSON.stringify(other)}`]])),
        ...ship(own, [
          [at(1), "one"],
          [at(2), "two", "stderr"],
          [at(3), "three"],
        ]),
      );
      const config = { preset: name.split(" ")[0] };
      expect(await linesOf(model, { config })).toEqual(["one", "two", "three"]);
      expect(await linesOf(model, { config, values: { podName: own.pod } })).toEqual(["one", "two", "three"]);
      expect(await linesOf(model, { config, tailLines: 2 })).toEqual(["two", "three"]);
    },
  );

  it("that fluent-bit wrote is the text in those records that are the container's", async () => {
    const record = (log: string, kubernetes: object, more: object = {}) =>
      JSON.stringify({ time: "2026-01-01T10:00:00Z", stream: "stdout", log, kubernetes, ...more });
    const own = { pod_name: `${JOB}-abcde`, namespace_name: "shop", container_name: "main" };
    const model = await start({
      stream: { job: "fluentbit" },
      values: [
        [at(1), record("one\n", own)],
        [at(2), record("of another container", { ...own, container_name: "main2" }, { x: '"container_name":"main"' })],
        [
          at(3),
          record("of another pod", { ...own, pod_name: `x${JOB}-abcde` }, { labels: { pod_name: `${JOB}-abcde` } }),
        ],
        [at(4), record("of another namespace", { ...own, namespace_name: "bank" }, { namespace_name: "shop" })],
        [at(5), JSON.stringify({ message: 'two "quoted"', kubernetes: own })],
        [at(6), `no record "namespace_name":"shop" "pod_name":"${JOB}-abcde" "container_name":"main"`],
        [at(7), record("three\nfour", own)],
      ],
    });
    const config = { preset: "fluent-bit" };
    expect(await linesOf(model, { config })).toEqual(["one", 'two "quoted"', "three", "four"]);
    expect(await linesOf(model, { config, tailLines: 2 })).toEqual(["three", "four"]);
  });

  it("of an operator's query has the lines that it finds", async () => {
    const model = await start({
      stream: { app: "smoke-eu" },
      values: [
        [at(1), "GET /"],
        [at(2), "POST /"],
      ],
    });
    const config = { query: '{app="${{ metricName }}-${{ region }}"} |= "GET"' };
    expect(await linesOf(model, { config, vars: { region: "eu" }, values: { metricName: "smoke" } })).toEqual([
      "GET /",
    ]);
  });

  it("is read from a time on, and up to the first line that is too late", async () => {
    const values = [0n, 1n, 2n, 3n, 4n].map((minute) => [at(minute * MINUTE), `minute ${minute}`] as const);
    const model = await start({ stream: LABELS, values });
    expect(await linesOf(model, { since: "2026-01-01T10:03:00Z" })).toEqual(["minute 3", "minute 4"]);
    expect(await linesOf(model, { until: "2026-01-01T10:02:00Z" })).toEqual(["minute 0", "minute 1", "minute 2"]);
    expect(model.requests.at(-1)?.parameters).toMatchObject({ limit: "1" });
  });

  it("is empty where it has no lines since a time, and missing where it has none at all", async () => {
    const since = "2026-01-01T10:05:00Z";
    expect(await linesOf(await start(oneLine), { since })).toEqual([]);
    expect((await errorOf(linesOf(await start(), { since }))).outcome).toBe("not-found");
    const error = await errorOf(linesOf(await start()));
    expect([error.outcome, error.did]).toEqual(["not-found", "has no lines of this log"]);
  });
});

describe("attempts whose pods' names are cut", () => {
  const metric = "a-metric-with-a-long-name";
  const attempts = [1, 2, 10].map((number, index) => ({
    number,
    startedAt: new Date(Date.parse(STARTED) + index * 120_000).toISOString(),
    finishedAt: new Date(Date.parse(STARTED) + index * 120_000 + 60_000).toISOString(),
  }));
  const prefix = `${UID}.${metric}.1-`.slice(0, 58);
  const streams = attempts.flatMap(({ number, startedAt }, index): ModelStream[] => {
    const begin = parseNanos(startedAt);
    const labels = { ...LABELS, pod: `${prefix}pod${index}x` };
    const lines = [5n, 20n, 55n].map(
      (second) => [`${begin + second * 1_000_000_000n}`, `attempt ${number} at ${second} s`] as const,
    );
    return [
      { stream: { ...labels, stream: "stdout" }, values: lines.slice(0, 2) },
      { stream: { ...labels, stream: "stderr" }, values: lines.slice(2) },
    ];
  });
  const valuesOf = ({ number, startedAt, finishedAt }: (typeof attempts)[number]) => ({
    podPrefix: prefix,
    jobName: `${UID}.${metric}.${number}`,
    startedAt,
    finishedAt,
  });
  const linesIn = (number: number) => [5, 20, 55].map((second) => `attempt ${number} at ${second} s`);

  it.each(attempts)("are told apart by pod and time: attempt $number", async (attempt) => {
    const model = await start(...streams);
    expect(await linesOf(model, { values: valuesOf(attempt) })).toEqual(linesIn(attempt.number));
    expect(await linesOf(model, { values: valuesOf(attempt), tailLines: 2 })).toEqual(linesIn(attempt.number).slice(1));
  });

  it.each(attempts)("are told apart by the pod if it is known: attempt $number", async (attempt) => {
    const model = await start(...streams);
    const podName = `${prefix}pod${attempts.indexOf(attempt)}x`;
    expect(await linesOf(model, { values: { ...valuesOf(attempt), podName } })).toEqual(linesIn(attempt.number));
    expect(model.requests.map(({ path }) => path)).not.toContain("/loki/api/v1/series");
  });

  it.each(attempts)("are told apart by time alone if streams do not name the pod: attempt $number", async (attempt) => {
    const values = streams.flatMap((stream) => stream.values).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const model = await start({ stream: { app: "tests", name: `${prefix}x` }, values });
    const config = { query: '{app="tests", name=~"${{ podPrefix }}.*"}' };
    expect(await linesOf(model, { config, values: valuesOf(attempt) })).toEqual(linesIn(attempt.number));
  });

  it("have no log as long as their pod has written nothing", async () => {
    const model = await start(...streams.slice(0, 2));
    const values = valuesOf(attempts[1] ?? { number: 2, startedAt: STARTED, finishedAt: FINISHED });
    expect((await errorOf(linesOf(model, { values }))).outcome).toBe("not-found");
  });
});

describe("an answer that is no log", () => {
  const status = (code: number, text: string, headers: Readonly<Record<string, string>> = {}) => ({
    answer: (response: Parameters<ModelLoki["next"][number]>[0]) => void response.writeHead(code, headers).end(text),
  });

  it.each([
    [400, "refused", "answered 400: it does not accept the query"],
    [401, "refused", "answered 401"],
    [403, "refused", "answered 403"],
    [404, "refused", "answered 404: its address is not that of a Loki"],
    [302, "refused", "answered 302"],
    [422, "refused", "answered 422"],
    [500, "unavailable", "answered 500"],
    [504, "unavailable", "answered 504"],
  ])("with status %i is %s", async (code, outcome, did) => {
    const model = await start(oneLine);
    const { answer } = status(code, `parse error in {namespace="secret"} at http://127.0.0.1:3100`);
    model.next.push(answer);
    const error = await errorOf(linesOf(model));
    expect([error.outcome, error.did, error.httpStatus]).toEqual([outcome, did, code]);
    expect((error.cause as Error).message).toContain("parse error");
  });

  it.each([
    ["a page", "<!doctype html>"],
    ["half an answer", '{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1767'],
    ["a metric", '{"status":"success","data":{"resultType":"matrix","result":[]}}'],
    ["nothing", ""],
  ])("but %s is reported as such", async (_, text) => {
    const model = await start(oneLine);
    model.next.push(status(200, text).answer);
    const error = await errorOf(linesOf(model));
    expect([error.outcome, error.did]).toEqual([
      "unavailable",
      "sent something that is not an answer of Loki to a query for lines",
    ]);
  });

  it("but a broken connection is reported after the pages before it", async () => {
    const values = Array.from({ length: 15 }, (_, index) => [at(index), `line ${index}`] as const);
    const model = await start({ stream: LABELS, values });
    model.maxEntries = 10;
    const store = storeAt(model, {});
    const { pieces } = await store.open(targetOf(), new AbortController().signal);
    model.next.push((response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"status"', () => response.socket?.destroySoon());
    });
    let text = "";
    const reading = (async () => {
      for await (const { bytes } of pieces) text += Buffer.from(bytes).toString();
    })();
    const error = await errorOf(reading);
    expect([error.outcome, error.did]).toEqual(["unavailable", "broke off before the end of the log"]);
    expect(text.split("\n").slice(0, -1)).toEqual(values.slice(0, 9).map(([, line]) => line));
  });

  it("but a request for patience is waited for", async () => {
    const model = await start(oneLine);
    const slept: number[] = [];
    const sleep: Sleep = async (ms) => void slept.push(ms);
    model.next.push(status(429, "too many", { "retry-after": "7" }).answer, status(429, "too many").answer);
    const later = new Date(Date.parse("2026-02-01T00:00:20Z")).toUTCString();
    model.next.push(status(429, "too many", { "retry-after": later }).answer);
    expect(await linesOf(model, { sleep })).toEqual(["one"]);
    expect(slept).toEqual([7_000, 2_000, 20_000]);
  });

  it.each([
    ["often", Array.from({ length: 4 }, () => "1")],
    ["for long", ["3600"]],
  ])("but a request for patience is reported if it comes %s", async (_, headers) => {
    const model = await start(oneLine);
    for (const each of headers) model.next.push(status(429, "too many", { "retry-after": each }).answer);
    const error = await errorOf(linesOf(model, { sleep: async () => {} }));
    expect([error.outcome, error.did]).toEqual(["unavailable", "answered 429: it has too many requests"]);
    expect(model.requests).toHaveLength(headers.length);
  });
});
