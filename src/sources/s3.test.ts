import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeBucket, type ScriptedAnswer, startFakeBucket } from "../../test/fakes/bucket.ts";
import { creatingApi } from "../../test/fakes/kube-api.ts";
import { parseConfig } from "../config/load.ts";
import { createSourceMeter } from "../telemetry/source-health.ts";
import { createSource } from "./create-source.ts";
import type { LogSource, LogTarget, OpenOptions } from "./source.ts";
import { SourceError } from "./source-error.ts";

const JOB = "0a1b2c3d-0000-4000-8000-000000000001.smoke.1";
const KEYS = { accessKeyId: { env: "KEY" }, secretAccessKey: { env: "SECRET" } };
const ENV = {
  KEY: "AKIAIOSFODNN7EXAMPLE",
  SECRET: "wJalrXUtnFEMI/K7MDENG",
  SSE: Buffer.alloc(32, 7).toString("base64"),
};
const MIB = 1024 * 1024;

const target: LogTarget = {
  facts: { project: "shop", metric: "smoke" },
  values: {
    variables: {
      project: "shop",
      jobNamespace: "shop",
      jobName: JOB,
      podPrefix: `${JOB}-`,
      container: "main",
      startedAt: "2026-01-01T00:00:00Z",
      finishedAt: "2026-01-01T00:05:00Z",
    },
    lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
  },
};

let bucket: FakeBucket;
let waits: number[];
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  bucket = await startFakeBucket();
  waits = [];
});
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
  await bucket.close();
});

function sourceOf(settings: object, { egress = {}, scanBytes = MIB } = {}): LogSource {
  const clock = { now: () => Date.parse("2026-01-02T00:00:00Z") };
  const s3 = { bucket: "logs", endpoint: bucket.url, pathStyle: true, ...KEYS, ...settings };
  const text = JSON.stringify({ egress, sources: [{ name: "archive", s3 }] });
  const { sources, egress: guard } = parseConfig(text, { name: "t.yaml", folder: ".", env: ENV, clock });
  const [compiled] = sources;
  if (compiled === undefined) throw new Error("no source");
  const source = createSource(compiled, {
    egress: guard,
    kube: creatingApi(() => undefined),
    clock,
    sleep: async (ms) => void waits.push(ms),
    limits: { decompress: { ratio: 200, ratioFreeBytes: MIB }, scanBytes },
    meter: createSourceMeter(clock),
  });
  closers.push(async () => source.close?.());
  return source;
}

interface Read {
  readonly text: string;
  readonly times: readonly string[];
  readonly missing: readonly string[];
  readonly kind: string;
  readonly part: unknown;
  readonly delimited: boolean;
}

async function read(source: LogSource, options?: OpenOptions, of = target): Promise<Read> {
  const left = new AbortController();
  const log = await source.open(of, left.signal, options);
  const parts: Uint8Array[] = [];
  const times: string[] = [];
  const missing: string[] = [];
  if (log.kind === "file") for await (const piece of log.body) parts.push(piece);
  else {
    for await (const piece of log.pieces) {
      parts.push(piece.bytes);
      times.push(...piece.times.times);
      if (piece.missing !== undefined) missing.push(piece.missing);
    }
  }
  left.abort();
  const part = log.kind === "file" ? log.part : undefined;
  return { text: Buffer.concat(parts).toString(), times, missing, kind: log.kind, part, delimited: log.delimited };
}

/** The error of a read that is expected to fail. Expects that it reveals nothing of the store. */
async function errorOf(reading: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await reading.then(
    () => undefined,
    (each: unknown) => each,
  );
  if (!(error instanceof SourceError)) throw new Error("no SourceError", { cause: error });
  expect(error.message).not.toMatch(/127\.0|localhost|http:|AKIA|wJalr|XML|:\d/);
  return error;
}

const put = (key: string, body: string | Uint8Array, more: object = {}) =>
  bucket.objects.set(key, { body: Buffer.from(body), ...more });

describe("one object", () => {
  const key = { key: "${{ project }}/${{ jobName }}/${{ container }}.log" };
  const path = `shop/${JOB}/main.log`;

  it("is requested with a signature, and returned as it is", async () => {
    put(path, "one\ntwo\n", { type: "text/plain; charset=utf-8" });
    expect(await read(sourceOf(key))).toMatchObject({ text: "one\ntwo\n", kind: "file", delimited: true });
    const [request] = bucket.requests;
    expect(request?.line).toBe(`GET /logs/${path}`);
    expect(request?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/us-east-1\/s3\/aws4_request, SignedHeaders=/,
    );
    expect(request?.headers).not.toHaveProperty("x-amz-checksum-mode");
  });

  it("is requested in part", async () => {
    put(path, "one\ntwo\n");
    const source = sourceOf(key);
    expect(await read(source, { range: { first: 4 } })).toMatchObject({ text: "two\n", part: { first: 4, total: 8 } });
    expect(bucket.requests[0]?.headers.range).toBe("bytes=4-");
    expect(await read(source, { range: { first: 0, last: 2 } })).toMatchObject({ text: "one", part: { first: 0 } });
    expect(await read(source, { range: { first: 8 } })).toMatchObject({ text: "", part: { first: 8 } });
  });

  it("is read whole if it holds records and a part was requested", async () => {
    put(path, "2026-01-01T00:00:01Z stdout F one\n2026-01-01T00:00:02Z stdout F two\n");
    const whole = { text: "one\ntwo\n", kind: "entries", times: ["2026-01-01T00:00:01.000000000Z", expect.anything()] };
    expect(await read(sourceOf(key))).toMatchObject(whole);
    expect(await read(sourceOf(key), { range: { first: 0, last: 100 } })).toMatchObject(whole);
    expect((await read(sourceOf({ ...key, decode: "plain" }))).text).toContain("stdout F one");
  });

  it.each([
    ["gzip", (text: string) => gzipSync(text)],
    ["zstd", (text: string) => zstdCompressSync(text)],
    ["several gzip members", (text: string) => Buffer.concat([gzipSync(text.slice(0, 40)), gzipSync(text.slice(40))])],
  ])("is decoded if it holds records in %s", async (_, compress) => {
    const line = (text: string) =>
      `${JSON.stringify({ log: `${text}\n`, stream: "stdout", time: "2026-01-01T00:00:01Z" })}\n`;
    put(path, compress(line("one") + line("two")));
    expect(await read(sourceOf(key))).toMatchObject({ text: "one\ntwo\n", kind: "entries" });
    expect(await read(sourceOf(key), { range: { first: 0, last: 15 } })).toMatchObject({ kind: "file" });
  });

  it("is returned compressed if it holds no records", async () => {
    const body = gzipSync('{"level":"info","msg":"of the application"}\n');
    put(path, body);
    const left = new AbortController();
    const log = await sourceOf(key).open(target, left.signal);
    if (log.kind !== "file") throw new Error("no file");
    const parts: Uint8Array[] = [];
    for await (const piece of log.body) parts.push(piece);
    expect(Buffer.concat(parts)).toEqual(body);
  });

  it.each(["aws-chunked", "", "UTF-8", "aws-chunked,gzip", "gzip, gzip", "br"])(
    "is the bytes that come, whatever Content-Encoding says: %j",
    async (coding) => {
      bucket.onObject = (_key, _request, response) => {
        response.writeHead(200, { "content-encoding": coding, "content-length": 4 }).end("one\n");
        return true;
      };
      expect((await read(sourceOf(key))).text).toBe("one\n");
    },
  );

  it("is requested as its operator wants: paid, and with a key of one's own", async () => {
    put(path, "one\n");
    await read(sourceOf({ ...key, requesterPays: true, sseCustomerKey: { env: "SSE" } }));
    expect(bucket.requests[0]?.headers).toMatchObject({
      "x-amz-request-payer": "requester",
      "x-amz-server-side-encryption-customer-algorithm": "AES256",
      "x-amz-server-side-encryption-customer-key": ENV.SSE,
      "x-amz-server-side-encryption-customer-key-md5": createHash("md5").update(Buffer.alloc(32, 7)).digest("base64"),
    });
  });
});

describe("a bucket's refusal", () => {
  const key = { key: "a.log" };

  it.each<[string, ScriptedAnswer, string, string]>([
    ["a missing object", { status: 404, code: "NoSuchKey" }, "not-found", "answered 404"],
    ["a missing bucket", { status: 404, code: "NoSuchBucket" }, "not-found", "has no such bucket"],
    ["a page instead of an error", { status: 404, body: "<html>no" }, "not-found", "answered 404"],
    [
      "an archived object",
      { status: 403, code: "InvalidObjectState" },
      "not-found",
      "in its archive, where it cannot be read now",
    ],
    ["no right", { status: 403, code: "AccessDenied" }, "refused", "does not allow this server to read there"],
    [
      "an unknown key",
      { status: 403, code: "InvalidAccessKeyId" },
      "refused",
      "does not know this server's access key",
    ],
    ["an unknown key as missing", { status: 404, code: "XAdminUserNotFound" }, "refused", "this server's access key"],
    ["what is missing otherwise", { status: 404, code: "NoSuchUpload" }, "refused", "answered 404"],
    [
      "a wrong key",
      { status: 403, code: "SignatureDoesNotMatch" },
      "refused",
      "does not accept this server's signature",
    ],
    ["a wrong clock", { status: 403, code: "RequestTimeTooSkewed" }, "refused", "does not accept this server's clock"],
    ["old credentials", { status: 400, code: "ExpiredToken" }, "refused", "credentials have expired"],
    ["any other error", { status: 400, code: "InvalidRequest" }, "refused", "answered 400"],
    ["an error without words", { status: 403, body: "" }, "refused", "answered 403"],
    ["an error of the store", { status: 500, code: "InternalError" }, "unavailable", "answered 500"],
    [
      "another region",
      { status: 301, code: "PermanentRedirect", headers: { "x-amz-bucket-region": "eu-west-1" } },
      "refused",
      "keeps the bucket in another region, eu-west-1: an operator has to change `region`",
    ],
    [
      "a signature for another region",
      { status: 400, code: "AuthorizationHeaderMalformed", more: "<Region>us-gov-west-1</Region>" },
      "refused",
      "in another region, us-gov-west-1",
    ],
    [
      "an invalid region",
      { status: 301, code: "PermanentRedirect", headers: { "x-amz-bucket-region": "http://127.0.0.1/" } },
      "refused",
      "keeps the bucket in another region: an operator",
    ],
    [
      "a redirect, which is not followed",
      { status: 307, code: "TemporaryRedirect", headers: { location: "http://127.0.0.1:1/" } },
      "refused",
      "in another region",
    ],
  ])("says %s in words", async (_, answer, outcome, did) => {
    bucket.script(answer);
    const error = await errorOf(read(sourceOf(key)));
    expect(error.outcome).toBe(outcome);
    expect(error.did).toContain(did);
    expect(bucket.requests).toHaveLength(1);
  });

  it("means that there is no object where the configuration says so", async () => {
    bucket.script({ status: 403, code: "AccessDenied" });
    expect(await errorOf(read(sourceOf({ ...key, notFound: [403, 404] })))).toMatchObject({ outcome: "not-found" });
  });

  it.each<[string, ScriptedAnswer]>([
    ["503 SlowDown", { status: 503, code: "SlowDown" }],
    ["429", { status: 429, body: "" }],
  ])("to be asked so often is waited for, then said: %s", async (_, answer) => {
    put("a.log", "one\n");
    bucket.script(answer, answer);
    expect((await read(sourceOf(key))).text).toBe("one\n");
    expect(waits).toEqual([250, 1_000]);
    bucket.script(answer, answer, answer, answer);
    const error = await errorOf(read(sourceOf(key)));
    expect(error).toMatchObject({ outcome: "unavailable", did: "asked this server to slow down" });
  });

  it("of the guard says that the address is not allowed", async () => {
    const error = await errorOf(read(sourceOf({ ...key, endpoint: "http://169.254.169.254" })));
    expect(error).toMatchObject({ outcome: "refused", fault: "address-not-allowed" });
  });

  it("is told if the store is down", async () => {
    const source = sourceOf(key);
    await bucket.close();
    expect(await errorOf(read(source))).toMatchObject({ outcome: "unavailable", fault: "connection-refused" });
    bucket = await startFakeBucket();
  });
});

describe("the parts of a log", () => {
  const prefix = { prefix: "${{ project }}/${{ jobName }}/" };
  const at = (name: string) => `shop/${JOB}/${name}`;

  it("are joined in the order of their lines, in any compression", async () => {
    put(at("2026010100_10.log"), "three\n");
    put(at("2026010100_2.gz"), gzipSync("two"));
    put(at("2026010100_1.zst"), zstdCompressSync("one\n"));
    put(at("2026010101_0.log"), "");
    put(at("folder/"), "");
    put(`shop/${JOB}-internal/0.log`, "of another\n");
    expect(await read(sourceOf(prefix))).toMatchObject({ text: "one\ntwo\nthree\n", kind: "entries", missing: [] });
  });

  it("have names of any characters", async () => {
    const names = ["1 a+b&c=d.log", "2 größe 世界.log", "3 100%.log", "4 <a>'\"?#.log", "5 \u0001.log"];
    for (const name of names) put(at(name), `${name}\n`);
    expect((await read(sourceOf(prefix))).text).toBe(names.map((name) => `${name}\n`).join(""));
  });

  it("that no key has are not there", async () => {
    expect(await errorOf(read(sourceOf(prefix)))).toMatchObject({ outcome: "not-found", did: "has no such objects" });
  });

  it("that match a pattern are joined", async () => {
    put("logs/2026/smoke_1.gz", gzipSync("one\n"));
    put("logs/2026/smoke_2.gz", gzipSync("two\n"));
    put("logs/2026/deep/smoke_3.gz", gzipSync("not this\n"));
    put("logs/2026/other_1.gz", gzipSync("nor this\n"));
    const keys = { keys: "logs/*/${{ jobName }}_*.gz" };
    const of = { ...target, values: { ...target.values, variables: { ...target.values.variables, jobName: "smoke" } } };
    expect((await read(sourceOf(keys), undefined, of)).text).toBe("one\ntwo\n");
    expect(bucket.requests[0]?.line).toContain("prefix=logs%2F");
  });

  it("that are damaged, archived or gone are named, and the others follow", async () => {
    put(at("1.gz"), gzipSync("one\n"));
    put(at("2.gz"), gzipSync("two\n".repeat(9_000)).fill(0xee, 40));
    put(at("3.gz"), gzipSync("three\n"));
    put(at("4.gz"), "archived");
    put(at("5.gz"), "gone");
    put(at("6.gz"), gzipSync("six\n"));
    put(at("7.gz"), gzipSync("seven\n").subarray(0, -9));
    bucket.onObject = (key, _request, response) => {
      const code = { [at("4.gz")]: [403, "InvalidObjectState"], [at("5.gz")]: [404, "NoSuchKey"] }[key];
      if (code === undefined) return false;
      response.writeHead(Number(code[0])).end(`<Error><Code>${code[1]}</Code></Error>`);
      return true;
    };
    const { text, missing } = await read(sourceOf(prefix));
    // Behind the damage, what is unpacked is arbitrary.
    expect(text.replace(/(?<=^one\n)[two\n]*(?=three)/, "")).toBe("one\nthree\nsix\nseven\n");
    expect(missing).toEqual([
      'Lines are missing here: the part "2.gz" is damaged or truncated.',
      'Lines are missing here: the part "4.gz" has it in its archive, where it cannot be read now: it has to be restored ' +
        'first. Lines are missing here: the part "5.gz" is no longer there.',
      'Lines are missing here: the part "7.gz" is damaged or truncated.',
    ]);
  });

  it("are archived if all of them are", async () => {
    put(at("1.gz"), "");
    put(at("2.gz"), "");
    bucket.onObject = (_key, _request, response) => {
      response.writeHead(403).end("<Error><Code>InvalidObjectState</Code></Error>");
      return true;
    };
    const error = await errorOf(read(sourceOf(prefix)));
    expect(error).toMatchObject({ outcome: "not-found", httpStatus: 403 });
    expect(error.did).toContain("in its archive");
  });

  it.each<[string, ScriptedAnswer]>([
    ["a page of HTML", { status: 200, body: "<html>welcome</html>" }],
    ["half a page", { status: 200, body: "<ListBucketResult><Contents><Key>a</Key></Cont" }],
    ["JSON", { status: 200, body: "{}" }],
    ["nothing", { status: 200, body: "" }],
  ])("are not there only if the store says so: %s", async (_, answer) => {
    bucket.script(answer);
    const error = await errorOf(read(sourceOf(prefix)));
    expect(error).toMatchObject({
      outcome: "unavailable",
      did: "answered with something that is not a list of objects",
    });
  });

  it("are listed to an end", async () => {
    const page =
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>" +
      `<Contents><Key>${at("1")}</Key></Contents></ListBucketResult>`;
    bucket.script(...Array.from({ length: 3 }, () => ({ status: 200, body: page })));
    expect(await errorOf(read(sourceOf(prefix)))).toMatchObject({
      did: "answered with a list of objects that does not end",
    });
  });

  it("are listed page by page", async () => {
    for (let part = 0; part < 2_500; part += 1) put(at(`${part}.log`), "");
    bucket.onObject = (_key, _request, response) => {
      response.writeHead(200, { "content-length": 5 }).end("line\n");
      return true;
    };
    const left = new AbortController();
    const log = await sourceOf(prefix).open(target, left.signal);
    expect(log.kind).toBe("entries");
    left.abort();
    expect(bucket.requests.filter(({ line }) => line.includes("list-type"))).toHaveLength(3);
  });
});

describe("objects with the lines of several jobs", () => {
  const shared = { keys: "date=*/*.log.gz" };
  const vector = (pod: string, message: string, more: object = {}) =>
    `${JSON.stringify({
      file: "/var/log/pods/a/main/0.log",
      kubernetes: { container_name: "main", pod_name: pod, pod_namespace: "shop", ...more },
      message,
      source_type: "kubernetes_logs",
      stream: "stdout",
      timestamp: "2026-01-01T00:00:01.123456789Z",
    })}\n`;
  const own = `${JOB}-abcde`;
  const name = (seconds: number) => `date=2026-01-01/${seconds}-0a0b0c0d-0000-4000-8000-000000000000.log.gz`;
  const during = { modified: "2026-01-01T00:04:00.000Z" };

  it("are read for the lines of the container only", async () => {
    put(name(1_767_225_700), gzipSync(vector(own, "two") + vector("other-abcde", "no")), during);
    put(name(1_767_225_600), gzipSync(vector(own, "one") + vector(own, "no", { pod_namespace: "other" })), during);
    put(
      name(1_767_225_800),
      gzipSync(vector(own, "no", { container_name: "istio-proxy" }) + vector(own, "three")),
      during,
    );
    expect(await read(sourceOf(shared))).toMatchObject({ text: "one\ntwo\nthree\n", missing: [] });
  });

  it("are read only if they were uploaded while the job ran, or soon after", async () => {
    put(name(1), gzipSync(vector(own, "before")), { modified: "2025-12-31T23:50:00.000Z" });
    put(name(2), gzipSync(vector(own, "in time")), { modified: "2026-01-01T01:04:00.000Z" });
    put(name(3), gzipSync(vector(own, "after")), { modified: "2026-01-01T01:06:00.000Z" });
    expect((await read(sourceOf(shared))).text).toBe("in time\n");
    const objects = bucket.requests.filter(({ line }) => !line.includes("list-type"));
    expect(objects).toHaveLength(1);
    expect((await read(sourceOf({ ...shared, uploadLag: "2h" }))).text).toBe("in time\nafter\n");
  });

  it("have no log if no line is of the container, so that another source is asked", async () => {
    put(name(1), gzipSync(vector("other-abcde", "no")), during);
    put(name(2), gzipSync(vector("other-abcde", "no")), during);
    const error = await errorOf(read(sourceOf(shared)));
    expect(error).toMatchObject({
      outcome: "not-found",
      did: "has no line of this container in the 2 objects of that time",
    });
  });

  it("are not shown if their lines do not say whose they are", async () => {
    put(name(1), gzipSync("a secret of another team\n"), during);
    const error = await errorOf(read(sourceOf(shared)));
    expect(error.outcome).toBe("refused");
    expect(error.did).toContain("they do not say whose they are");
  });

  it("are not shown if only some of their lines do", async () => {
    put(name(1), gzipSync(`${vector(own, "own")}a secret of another team, of ${own}\n`), during);
    expect((await read(sourceOf(shared))).text).toBe("own\n");
    put(name(2), gzipSync(vector(own, "also")), during);
    expect(await read(sourceOf({ ...shared, decode: "cri" })).catch((error) => error.outcome)).toBe("not-found");
  });

  it("are searched no further than the budget", async () => {
    const line = vector("other-abcde", "x".repeat(1_000));
    put(name(1), gzipSync(vector(own, "own")), during);
    put(name(2), gzipSync(line.repeat(1_000)), during);
    const error = await errorOf(read(sourceOf(shared, { scanBytes: 100_000 })));
    expect(error).toMatchObject({ outcome: "refused" });
    expect(error.did).toContain("limits.scanBytes");
  });

  it("may be below a prefix of the project", async () => {
    put("shop/1.log", vector("other-abcde", "no") + vector(own, "own"), during);
    expect((await read(sourceOf({ prefix: "${{ project }}/" }))).text).toBe("own\n");
  });
});

describe("a configuration", () => {
  const faultOf = (settings: object): string => {
    try {
      sourceOf(settings);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };

  it.each<[string, object, string]>([
    ["neither a key nor parts", {}, "must have either key or prefix or keys"],
    ["both", { key: "a", prefix: "a/" }, "must have either key or prefix or keys"],
    [
      "half of a pair of keys",
      { key: "a", secretAccessKey: undefined },
      "must have both accessKeyId and secretAccessKey",
    ],
    ["a prefix that is open", { prefix: "${{ project }}" }, 'A prefix must end with a literal "/"'],
    ["keys without a star", { keys: "a/b" }, 'The text has no "*"'],
    ["keys of the whole bucket", { keys: "*.log" }, "would list the whole bucket"],
    ["an unknown name", { key: "${{ projekt }}" }, "project"],
    ["a dot segment", { key: "a/../${{ project }}" }, "A key must not contain a dot segment."],
    ["an endpoint with a path", { key: "a", endpoint: "https://minio/bucket" }, "must be https://host"],
    ["an endpoint with a user", { key: "a", endpoint: "https://a:b@minio" }, "must be https://host"],
    ["an invalid region", { key: "a", region: "eu west" }, "must be a region"],
    ["a secret that is not there", { key: "a", secretAccessKey: { env: "NONE" } }, "NONE is not set"],
  ])("is refused with %s", (_, settings, message) => {
    expect(faultOf(settings)).toContain(message);
  });
});
