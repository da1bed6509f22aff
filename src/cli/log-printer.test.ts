import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EndReason, EndSchema, OriginSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { CHARACTER } from "../../test/fakes/characters.ts";
import type { LogChunk } from "../client/log-event.ts";
import { showText } from "../stream/shown-line.ts";
import { createJsonPrinter } from "./log-json-printer.ts";
import { createTextPrinter, type LogPrinter, rawPrinter, type TextOptions } from "./log-printer.ts";

const chunk = (text: string, more: Partial<LogChunk> = {}): LogChunk => ({
  kind: "chunk",
  bytes: Buffer.from(text),
  firstLine: 0,
  runs: [],
  containerName: "",
  attempt: 0,
  offset: undefined,
  cursor: "",
  ...more,
});
const ORIGIN = create(OriginSchema, { metricName: "robot", containerName: "test", attempt: 2 });

function all(printer: LogPrinter, chunks: readonly LogChunk[]): string {
  printer.origin?.(ORIGIN);
  const parts = chunks.map((each) => Buffer.from(printer.chunk(each)).toString());
  return parts.join("") + printer.end(undefined);
}

describe("text", () => {
  const text = (chunks: readonly LogChunk[], options: Partial<TextOptions> = {}): string =>
    all(createTextPrinter({ colors: false, timestamps: false, prefix: false, headings: false, ...options }), chunks);

  it("is the log, however it is cut", () => {
    expect(text([chunk("one\ntw"), chunk("o\nthree")])).toBe("one\ntwo\nthree");
  });

  it("begins a new line when another container's log begins", () => {
    const chunks = [
      chunk("a1\na2", { containerName: "a" }),
      chunk("b1\n", { containerName: "b" }),
      chunk("a3\n", { containerName: "a" }),
    ];
    expect(text(chunks)).toBe("a1\na2\nb1\na3\n");
    expect(text(chunks, { prefix: true })).toBe("[a] a1\n[a] a2\n[b] b1\n[a] a3\n");
  });

  it("has prefixes on request: of the only container, of attempts", () => {
    expect(text([chunk("one\ntw"), chunk("o\n")], { prefix: true })).toBe("[test] one\n[test] two\n");
    expect(text([chunk("x\n", { attempt: 1 }), chunk("y\n", { attempt: 2 })], { prefix: true })).toBe(
      "[1/test] x\n[2/test] y\n",
    );
    expect(text([chunk("1%\r2%\n")], { prefix: true, live: true })).toBe("[test] 1%\r\x1b[K[test] 2%\n");
    expect(text([chunk("x\n", { containerName: "a\x1b[2J" })], { prefix: true })).toBe("[a\uFFFD[2J] x\n");
  });

  it("begins with the end of the pod's name where all pods are read, and with its index", () => {
    const pod = (index: number, suffix: string) => ({
      podName: `00000000-0000-4000-8000-000000000001.it.1-${index}-${suffix}`,
      completionIndex: index,
      containerName: "main",
    });
    const chunks = [chunk("a1\na2", pod(0, "aaaaa")), chunk("b1\n", pod(1, "bbbbb")), chunk("c1\n", pod(0, "ccccc"))];
    expect(text(chunks)).toBe("a1\na2\nb1\nc1\n");
    expect(text(chunks, { prefix: true })).toBe(
      "[0-aaaaa/main] a1\n[0-aaaaa/main] a2\n[1-bbbbb/main] b1\n[0-ccccc/main] c1\n",
    );
    const plain = { podName: "job-ddddd", containerName: "main", attempt: 2 };
    expect(text([chunk("d1\n", plain)], { prefix: true })).toBe("[2/ddddd/main] d1\n");
  });

  it("has headings only on a terminal, on their own lines", () => {
    const printer = createTextPrinter({ colors: false, prefix: false, headings: true });
    const parts = [
      printer.heading?.("Attempt 1."),
      printer.chunk(chunk("x", { attempt: 1 })),
      printer.heading?.("Attempt 2."),
      printer.chunk(chunk("y\n", { attempt: 2 })),
    ];
    expect(parts.join("")).toBe("==> Attempt 1. <==\nx\n==> Attempt 2. <==\ny\n".replace("x\n", "x\n"));
    expect(createTextPrinter({ colors: false, prefix: false, headings: false }).heading?.("Attempt 1.")).toBe("");
  });
});

it("raw output is the unchanged bytes", () => {
  const bytes = Uint8Array.of(0, 27, 255, 13);
  expect(rawPrinter.chunk({ ...chunk(""), bytes })).toBe(bytes);
});

describe("json", () => {
  const objects = (chunks: readonly LogChunk[], timestamps = false): Record<string, unknown>[] =>
    all(createJsonPrinter({ timestamps }), chunks)
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  it("is an object for each line, with all that is known about it", () => {
    expect(all(createJsonPrinter({ timestamps: false }), [chunk("ERROR a\n", { firstLine: 7 })])).toBe(
      '{"line":7,"ts":null,"metric":"robot","container":"test","attempt":2,"severity":"error","text":"ERROR a"}\n',
    );
  });

  it("numbers lines from where chunks begin, and by runs if lines are missing", () => {
    const pieces = [chunk("a\nb", { firstLine: 5 }), chunk("b\nc\n", { firstLine: 6 }), chunk("d", { firstLine: 8 })];
    expect(objects(pieces).map(({ line, text }) => [line, text])).toEqual([
      [5, "a"],
      [6, "bb"],
      [7, "c"],
      [8, "d"],
    ]);
    const runs = [
      { firstLine: 10, count: 2, context: false },
      { firstLine: 20, count: 1, context: true },
    ];
    expect(objects([chunk("a\nb\nc\n", { firstLine: 10, runs })]).map(({ line }) => line)).toEqual([10, 11, 20]);
    expect(objects([chunk("a\n")])[0]).toMatchObject({ line: null });
  });

  it("separates the source's times from the text, unless the source has none", () => {
    const time = "2026-01-02T03:04:05.000000006Z";
    expect(objects([chunk(`${time} a\nb\n`)], true)).toMatchObject([
      { ts: time, text: "a" },
      { ts: null, text: "b" },
    ]);
    expect(objects([chunk(`${time} a\n`)])).toMatchObject([{ ts: null, text: `${time} a` }]);
    const printer = createJsonPrinter({ timestamps: true });
    printer.noTimes?.();
    expect(JSON.parse(String(printer.chunk(chunk(`${time} a\n`))))).toMatchObject({ ts: null, text: `${time} a` });
  });

  it("separates containers and attempts even after a partial line", () => {
    const chunks = [
      chunk("a", { containerName: "init", attempt: 1 }),
      chunk("b\n", { containerName: "test", attempt: 1 }),
      chunk("c\n", { containerName: "test", attempt: 2 }),
    ];
    expect(objects(chunks).map(({ container, attempt, text }) => [container, attempt, text])).toEqual([
      ["init", 1, "a"],
      ["test", 1, "b"],
      ["test", 2, "c"],
    ]);
  });

  it("splits a line of more than 1 MiB into parts with the same number", () => {
    const half = "x".repeat(700_000);
    const parts = objects([
      chunk(half, { firstLine: 3 }),
      chunk(half, { firstLine: 3 }),
      chunk("end\nnext\n", { firstLine: 3 }),
    ]);
    expect(parts.map(({ line, partial, text }) => [line, partial, (text as string).length])).toEqual([
      [3, true, 1_400_000],
      [3, undefined, 3],
      [4, undefined, 4],
    ]);
  });

  it("name the pod and its index where all pods are read, with null for unknown values", () => {
    const chunks = [
      chunk("a", { podName: "job-0-aaaaa", completionIndex: 0, containerName: "main" }),
      chunk("b\n", { podName: "job-bbbbb", containerName: "main" }),
      chunk("c\n", { containerName: "main" }),
    ];
    const lines = all(createJsonPrinter({ timestamps: false, allPods: true }), chunks)
      .trim()
      .split("\n");
    expect(lines.map((each) => JSON.parse(each))).toMatchObject([
      { pod: "job-0-aaaaa", index: 0, container: "main", text: "a" },
      { pod: "job-bbbbb", index: null, text: "b" },
      { pod: null, index: null, text: "c" },
    ]);
    expect(all(createJsonPrinter({ timestamps: false }), chunks)).not.toContain('"pod"');
  });

  it("ends with an object for the end", () => {
    const printer = createJsonPrinter({ timestamps: false });
    const end = create(EndSchema, { reason: EndReason.CAUGHT_UP, lines: 2n, bytes: 3n, headMissing: true });
    expect(printer.end({ kind: "end", end, cursor: "c" })).toBe(
      '{"end":{"reason":"CAUGHT_UP","head_missing":true,"lines":2,"bytes":3,"cursor":"c"}}\n',
    );
  });

  it("preserves what any text shows, on one line and without control characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => {
        fc.pre(!text.includes("\n") && text.isWellFormed() && text !== "");
        const line = all(createJsonPrinter({ timestamps: false }), [chunk(`${text}\n`)]);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain these.
        expect(line.slice(0, -1)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        expect(JSON.parse(line).text).toBe(showText(text).text);
      }),
    );
  });
});
