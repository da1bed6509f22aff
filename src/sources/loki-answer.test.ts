import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNanos } from "../template/times.ts";
import { readStreams } from "./loki-answer.ts";
import { readPage, readSeries } from "./loki-page.ts";

const T = 1_767_225_600_000_000_000n;
const at = (nanos: bigint | number): string => `${T + BigInt(nanos)}`;

function answer(...streams: readonly { stream: object; values: readonly unknown[] }[]): Buffer {
  return Buffer.from(
    JSON.stringify({ status: "success", data: { resultType: "streams", result: streams, stats: { a: [1, -2.5e3] } } }),
  );
}

const textOf = (bytes: Buffer, direction: "forward" | "backward" = "forward") =>
  Buffer.from(readPage(bytes, direction).page.toPiece(undefined)?.bytes ?? []).toString();

describe("an answer of Loki", () => {
  it("is the lines with their times, whatever characters they have", () => {
    const line = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\n", ""));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3_000_000_000), line), { minLength: 1 }), (lines) => {
        const ordered = lines.toSorted(([a], [b]) => a - b);
        const values = ordered.map(([time, text]) => [at(time), text]);
        const piece = readPage(answer({ stream: { pod: "a" }, values }), "forward").page.toPiece(undefined);
        const text = ordered.map(([, each]) => `${each}\n`);
        expect(Buffer.from(piece?.bytes ?? []).toString()).toBe(text.join(""));
        expect(piece?.times.starts).toEqual(text.map((_, index) => Buffer.byteLength(text.slice(0, index).join(""))));
        expect(piece?.times.times.map(parseNanos)).toEqual(ordered.map(([time]) => T + BigInt(time)));
      }),
    );
  });

  it("may escape any character", () => {
    const escaped = String.raw`a\"b\\c\/d\b\f\t\u003c\u00e9\ud83d\ude00\ud83dx`;
    const bytes = Buffer.from(
      `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["${at(0)}","${escaped}"]]}]}}`,
    );
    expect(textOf(bytes)).toBe('a"b\\c/d\b\f\t<é😀\uFFFDx\n');
  });

  it("may have blanks and keys in any order, and what newer servers add", () => {
    const bytes = Buffer.from(`
      { "warnings": ["x"], "data" : { "encodingFlags": ["categorize-labels"], "result" : [ { "values" : [
        [ "${at(1)}" , "one" , { "structuredMetadata": { "trace_id": "a]}\\"", "detected_level": "error" } } ],
        [ "${at(2)}" , "two" , {} ] ], "stream" : { "pod" : "a" } } ], "resultType" : "streams" }, "status" : "success" }
    `);
    expect(textOf(bytes)).toBe("one\ntwo\n");
  });

  it("is merged in order of time, the same one for any order of streams", () => {
    const out = {
      stream: { pod: "a", stream: "stdout" },
      values: [
        [at(1), "o1"],
        [at(3), "o2"],
        [at(3), "o3"],
      ],
    };
    const err = {
      stream: { stream: "stderr", pod: "a" },
      values: [
        [at(0), "e1"],
        [at(3), "e2"],
        [at(4), "e3"],
      ],
    };
    for (const streams of [
      [out, err],
      [err, out],
    ]) {
      expect(textOf(answer(...streams))).toBe("e1\no1\ne2\no2\no3\ne3\n");
      const backward = streams.map(({ stream, values }) => ({ stream, values: values.toReversed() }));
      expect(textOf(answer(...backward), "backward")).toBe("e1\no1\ne2\no2\no3\ne3\n");
    }
  });

  it("counts lines that a shipper has joined as one, and ends each with one line feed", () => {
    const values = [
      [at(0), "a\nb"],
      [at(1), "c\n"],
      [at(2), ""],
      [at(3), "\n"],
      [at(4), "\n\nd"],
    ];
    const { page, count } = readPage(answer({ stream: {}, values }), "forward");
    expect(Buffer.from(page.toPiece(undefined)?.bytes ?? []).toString()).toBe("a\nb\nc\n\n\n\n\nd\n");
    expect([count, page.length]).toEqual([5, 8]);
    expect(textOf(answer({ stream: {}, values: values.toReversed() }), "backward")).toBe("a\nb\nc\n\n\n\n\nd\n");
  });

  it("is split into parts of whole lines", () => {
    const values = ["a", "bb", "c".repeat(30), "d", "é"].map((line, index) => [at(index), line]);
    const { page } = readPage(answer({ stream: {}, values }), "forward");
    const parts = [...page.parts(5)].map((part) => part.toPiece(undefined));
    expect(parts.map((part) => Buffer.from(part?.bytes ?? []).toString())).toEqual([
      "a\nbb\n",
      `${"c".repeat(30)}\n`,
      "d\né\n",
    ]);
    expect(parts.map((part) => part?.times.starts)).toEqual([[0, 2], [0], [0, 2]]);
    expect(parts.flatMap((part) => part?.times.times.map(parseNanos))).toEqual(
      values.map((_, index) => T + BigInt(index)),
    );
  });

  it("is refused if it is cut off anywhere", () => {
    const whole = answer({
      stream: { pod: "a" },
      values: [
        [at(0), 'a "b" \\ c'],
        [at(1), "d"],
      ],
    });
    expect(readStreams(Buffer.from(whole))).toHaveLength(1);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => readStreams(Buffer.from(whole.subarray(0, length)))).toThrow();
    }
  });

  it.each([
    ["another status", '{"status":"error","data":{"resultType":"streams","result":[]}}'],
    ["the answer to a metric query", '{"status":"success","data":{"resultType":"matrix","result":[]}}'],
    ["no data", '{"status":"success"}'],
    [
      "a time in seconds",
      `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1767225600","x"]]}]}}`,
    ],
    [
      "a time that is a number",
      `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[[${at(0)},"x"]]}]}}`,
    ],
    [
      "a line that is no text",
      `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["${at(0)}",1]]}]}}`,
    ],
    [
      "labels that are no text",
      '{"status":"success","data":{"resultType":"streams","result":[{"stream":{"a":1},"values":[]}]}}',
    ],
    ["no labels", '{"status":"success","data":{"resultType":"streams","result":[{"values":[]}]}}'],
    ["more than an answer", '{"status":"success","data":{"resultType":"streams","result":[]}} x'],
    ["a page", "<!doctype html><title>Sign in</title>"],
    ["nothing", ""],
  ])("is refused if it is %s", (_, text) => {
    expect(() => readStreams(Buffer.from(text))).toThrow();
  });

  it("with streams only may have none", () => {
    expect(readSeries('{"status":"success"}')).toEqual([]);
    expect(readSeries('{"status":"success","data":[{"b":"1"},{"a":"2"}]}')).toEqual([{ a: "2" }, { b: "1" }]);
    for (const text of ['{"status":"error"}', '{"status":"success","data":{}}', '{"status":"success","data":[1]}']) {
      expect(() => readSeries(text)).toThrow();
    }
  });
});
