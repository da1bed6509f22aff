import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../../test/fakes/byte-source.ts";
import type { LogTarget } from "../source.ts";
import { createRecordReader, recognizeRecords } from "./recognize-records.ts";
import type { RecordFormat } from "./record.ts";
import { RecordDecoder } from "./record-decoder.ts";
import { createRecordFilter } from "./record-filter.ts";

const JOB = "0a1b2c3d-0000-4000-8000-000000000001.smoke.1";

/** The container `main` of a Job whose pods are `<job>-xxxxx`. */
function target(more: Partial<LogTarget> & { readonly variables?: object } = {}): LogTarget {
  const { variables, ...rest } = more;
  return {
    facts: { project: "shop", metric: "smoke" },
    values: {
      variables: {
        jobNamespace: "shop",
        jobName: JOB,
        podPrefix: `${JOB}-`,
        container: "main",
        startedAt: "2026-01-01T00:00:00Z",
        finishedAt: "2026-01-01T00:05:00Z",
        ...variables,
      },
      lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
    },
    ...rest,
  };
}

interface Decoded {
  readonly text: string;
  readonly times: readonly (readonly [line: string, time: string])[];
  readonly missing: readonly string[];
}

function decode(
  format: RecordFormat,
  text: string | Uint8Array,
  { strict = false, of = target(), lengths = [] as readonly number[] } = {},
): Decoded {
  const decoder = new RecordDecoder(createRecordReader(format), createRecordFilter(of, strict));
  const pieces = cut(Buffer.from(text), lengths).map((piece) => decoder.push(piece));
  const parts: Buffer[] = [];
  const begun: (readonly [number, string])[] = [];
  const missing: string[] = [];
  let length = 0;
  for (const piece of [...pieces, decoder.end()]) {
    if (piece === undefined) continue;
    piece.times.starts.forEach((start, index) => {
      begun.push([length + start, piece.times.times[index] ?? ""]);
    });
    parts.push(Buffer.from(piece.bytes));
    length += piece.bytes.length;
    if (piece.missing !== undefined) missing.push(piece.missing);
  }
  const whole = Buffer.concat(parts);
  const times = begun.map(([at, time]) => {
    const feed = whole.indexOf("\n", at);
    return [whole.toString("utf8", at, feed === -1 ? undefined : feed), time] as const;
  });
  return { text: whole.toString(), times, missing };
}

const jsonLines = (...records: readonly object[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("");

const FLUENT_BIT = {
  date: "2026-01-01T00:00:01.123456Z",
  time: "2026-01-01T00:00:01.123456789Z",
  stream: "stdout",
  _p: "F",
  log: "one\n",
  kubernetes: { pod_name: `${JOB}-abcde`, namespace_name: "shop", container_name: "main", host: "node-1" },
};
const VECTOR = {
  file: `/var/log/pods/shop_${JOB}-abcde_uid/main/0.log`,
  kubernetes: { pod_namespace: "shop", pod_name: `${JOB}-abcde`, container_name: "main", pod_labels: {} },
  message: "one",
  source_type: "kubernetes_logs",
  stream: "stderr",
  timestamp: "2026-01-01T00:00:01.123456789Z",
};

describe("records of a container runtime", () => {
  const CRI =
    "2026-01-01T00:00:01.123456789Z stdout F one\n" +
    "2026-01-01T00:00:02Z stdout P two \n" +
    "2026-01-01T00:00:02.000000001Z stdout P and\n" +
    "2026-01-01T00:00:02.000000002Z stdout F  half\n" +
    "2026-01-01T02:00:03.5+02:00 stderr F \n" +
    "2026-01-01T00:00:04Z stderr F:x \u001b[31mGrößé 😀\u001b[0m\r\n";

  it("are recognized, joined and timed", () => {
    expect(recognizeRecords(Buffer.from(CRI))).toBe("cri");
    const { text, times } = decode("cri", CRI);
    expect(text).toBe("one\ntwo and half\n\n\u001b[31mGrößé 😀\u001b[0m\r\n");
    expect(times).toEqual([
      ["one", "2026-01-01T00:00:01.123456789Z"],
      ["two and half", "2026-01-01T00:00:02.000000000Z"],
      ["", "2026-01-01T00:00:03.500000000Z"],
      ["\u001b[31mGrößé 😀\u001b[0m\r", "2026-01-01T00:00:04.000000000Z"],
    ]);
  });

  it("keep bytes that are not UTF-8", () => {
    const bytes = Buffer.from([...Buffer.from("2026-01-01T00:00:01Z stdout F a"), 0xff, 0x0a]);
    const decoder = new RecordDecoder(createRecordReader("cri"), createRecordFilter(target(), false));
    expect(Buffer.from(decoder.push(bytes)?.bytes ?? [])).toEqual(Buffer.from([0x61, 0xff, 0x0a]));
  });

  it("end a line in which another stream begins one", () => {
    const text = "2026-01-01T00:00:01Z stdout P half\n2026-01-01T00:00:02Z stderr F whole\n";
    expect(decode("cri", text).text).toBe("half\nwhole\n");
  });
});

describe("records of Docker", () => {
  const DOCKER = jsonLines(
    { log: "one\n", stream: "stdout", time: "2026-01-01T00:00:01.123456789Z" },
    { log: "two ", stream: "stderr", time: "2026-01-01T00:00:02Z" },
    { log: 'and "half"\r\n', stream: "stderr", time: "2026-01-01T00:00:02.1Z", attrs: { a: "b" } },
  );

  it("are recognized, joined and timed", () => {
    expect(recognizeRecords(Buffer.from(DOCKER))).toBe("docker");
    const { text, times } = decode("docker", DOCKER);
    expect(text).toBe('one\ntwo and "half"\r\n');
    expect(times.map(([, time]) => time)).toEqual(["2026-01-01T00:00:01.123456789Z", "2026-01-01T00:00:02.000000000Z"]);
  });
});

describe("records of a shipper", () => {
  it.each([
    ["fluent-bit", jsonLines(FLUENT_BIT), "2026-01-01T00:00:01.123456789Z"],
    [
      "fluent-bit with its date as a number",
      jsonLines({ date: 1767225601.123456, stream: "stdout", log: "one\n" }),
      "2026-01-01T00:00:01.123456000Z",
    ],
    [
      "fluent-bit with java_sql_timestamp",
      jsonLines({ date: "2026-01-01 00:00:01.123456", stream: "stdout", log: "one" }),
      "2026-01-01T00:00:01.123456000Z",
    ],
    ["Vector", jsonLines(VECTOR), "2026-01-01T00:00:01.123456789Z"],
    [
      "fluentd, as its file format",
      `2026-01-01T00:00:01+00:00\tkubernetes.var.log.containers.a.log\t${JSON.stringify({ stream: "stdout", log: "one\n" })}\n`,
      "2026-01-01T00:00:01.000000000Z",
    ],
    [
      "fluentd, as JSON",
      jsonLines({ log: "one\n", stream: "stdout", time: "2026-01-01T01:00:01.5+01:00", docker: { container_id: "a" } }),
      "2026-01-01T00:00:01.500000000Z",
    ],
  ])("are recognized as %s writes them", (_, text, time) => {
    expect(recognizeRecords(Buffer.from(text))).toBe("shipper");
    expect(decode("shipper", text)).toEqual({ text: "one\n", times: [["one", time]], missing: [] });
  });

  it.each([
    ["a line of an application", '{"time":"2026-01-01T00:00:01Z","level":"info","msg":"hi"}'],
    ["one with a message", '{"timestamp":"2026-01-01T00:00:01Z","level":"info","message":"hi"}'],
    ["one that has a log and no time", '{"log":"hi","stream":"stdout"}'],
    ["a list", '["2026-01-01T00:00:01Z"]'],
    ["JSON that is cut", '{"log":"hi","stream":"stdout","time":"2026-01-01T0'],
    ["plain text with a time", "2026-01-01T00:00:01Z stdout is not enough"],
    ["a table", "2026-01-01T00:00:01Z\tstdout\tF"],
    ["nothing", ""],
  ])("are not recognized in %s", (_, line) => {
    expect(recognizeRecords(Buffer.from(line))).toBeUndefined();
    expect(recognizeRecords(Buffer.from(`${line}\n`))).toBeUndefined();
  });

  it("are joined where a line is in parts", () => {
    const part = (log: string, more: object = {}) => ({ ...FLUENT_BIT, log, ...more });
    const docker = jsonLines(part("one\n"), part("two "), part("and half\n"));
    expect(decode("shipper", docker).text).toBe("one\ntwo and half\n");
    const cri = jsonLines(
      part("one", { logtag: "F" }),
      part("two ", { logtag: "P" }),
      part("and half", { logtag: "F" }),
    );
    expect(decode("shipper", cri).text).toBe("one\ntwo and half\n");
  });

  it("may have several lines each", () => {
    const { text, times } = decode("shipper", jsonLines({ ...VECTOR, message: "Traceback:\n  at a\n  at b" }));
    expect(text).toBe("Traceback:\n  at a\n  at b\n");
    expect(times).toHaveLength(1);
  });

  it("leave a line unchanged if it is not a record", () => {
    expect(decode("shipper", `${jsonLines(VECTOR)}not JSON\n`).text).toBe("one\nnot JSON\n");
  });

  it("that are too long are left out, and told", () => {
    const long = jsonLines({ ...VECTOR, message: "x".repeat(1024 * 1024) });
    const { text, missing } = decode("shipper", `${jsonLines(VECTOR)}${long}${jsonLines(VECTOR)}`, {
      lengths: [65_536],
    });
    expect(text).toBe("one\none\n");
    expect(missing).toEqual(["A line is missing here: its record is longer than 1 MiB."]);
  });

  it("are the same wherever the file is cut, and a cut record at its end is left out", () => {
    const text = `${jsonLines(VECTOR, { ...VECTOR, message: "Größe 😀" }, FLUENT_BIT)}{"message":"half`;
    const whole = decode("shipper", text);
    expect(whole.text).toBe("one\nGröße 😀\none\n");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (lengths) => {
        expect(decode("shipper", text, { lengths })).toEqual(whole);
      }),
    );
  });
});

describe("a filter of records", () => {
  const inPod = (pod: string, more: object = {}, message = pod) => ({
    ...VECTOR,
    message,
    kubernetes: { ...VECTOR.kubernetes, pod_name: pod, ...more },
  });

  it("leaves out lines of other namespaces, pods and containers", () => {
    const text = jsonLines(
      inPod(`${JOB}-abcde`, {}, "own"),
      inPod(`${JOB}-abcde`, { pod_namespace: "other" }),
      inPod(`${JOB}-abcde`, { container_name: "istio-proxy" }),
      inPod(`${JOB}0-abcde`),
      inPod(`${JOB}-abcde-fghij`),
      inPod(`x-${JOB}-abcde`),
      inPod(`${JOB}-zyxwv`, {}, "retry"),
    );
    for (const strict of [false, true]) expect(decode("shipper", text, { strict }).text).toBe("own\nretry\n");
  });

  it("leaves out lines that do not say whose they are, if lines of several jobs are together", () => {
    const text = jsonLines(
      { ...VECTOR, kubernetes: {} },
      inPod(`${JOB}-abcde`, { container_name: undefined }),
      inPod(`${JOB}-abcde`, { pod_namespace: undefined }),
      inPod(`${JOB}-abcde`, {}, "own"),
    );
    expect(decode("shipper", `${text}${JOB}-abcde\n`, { strict: true }).text).toBe("own\n");
  });

  it("takes the pod that is known, and no other", () => {
    const pod = { namespace: "shop", name: `${JOB}-abcde`, container: "main", previous: false, unstarted: undefined };
    const text = jsonLines(inPod(`${JOB}-abcde`, {}, "own"), inPod(`${JOB}-zyxwv`));
    expect(decode("shipper", text, { of: target({ pod }), strict: true }).text).toBe("own\n");
  });

  it("takes the owner from the tag that fluentd writes, if the record does not say", () => {
    const tag = (container: string) =>
      `kubernetes.var.log.containers.${JOB}-abcde_shop_${container}-${"0a".repeat(32)}.log`;
    const line = (container: string) =>
      `2026-01-01T00:00:01+00:00\t${tag(container)}\t{"stream":"stdout","log":"of ${container}\\n"}\n`;
    expect(decode("shipper", line("main") + line("other"), { strict: true }).text).toBe("of main\n");
  });

  it("goes by the Job in the pod's labels, whatever the pod is called", () => {
    const labelled = (job: string, message: string) =>
      inPod("any-name", { pod_labels: { "batch.kubernetes.io/job-name": job } }, message);
    const text = jsonLines(labelled(JOB, "own"), labelled("other", "other"));
    expect(decode("shipper", text).text).toBe("own\n");
  });

  it("tells attempts apart by time whose pods have a prefix in common", () => {
    const jobName = `${"0a1b2c3d-0000-4000-8000-000000000001"}.a-metric-with-a-long-name.2`;
    const podPrefix = jobName.slice(0, 58);
    const of = target({ variables: { jobName, podPrefix } });
    const at = (pod: string, timestamp: string, message: string) => ({
      ...inPod(`${podPrefix}${pod}`, {}, message),
      timestamp,
    });
    const text = jsonLines(
      at("first", "2025-12-31T23:59:00Z", "of the attempt before"),
      at("secnd", "2026-01-01T00:00:01Z", "own"),
      at("first", "2026-01-01T00:00:02Z", "still of the attempt before"),
      at("third", "2026-01-01T00:06:00Z", "of the attempt after"),
      at("secnd", "2026-01-01T00:06:00Z", "late"),
    );
    expect(decode("shipper", text, { of, strict: true }).text).toBe("own\nlate\n");
  });
});
