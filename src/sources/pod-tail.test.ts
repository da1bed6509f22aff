import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteSource, cut } from "../../test/fakes/byte-source.ts";
import { kubeletAnswer, type NodeLine } from "../../test/fakes/script-source.ts";
import { PodEntries } from "./pod-entries.ts";
import { readPodTail } from "./pod-tail.ts";

const MIB = 1024 * 1024;

/** The last lines of a log of these records, and the numbers of records that were requested. */
async function tailOf(records: readonly NodeLine[], lines: number, pieceBytes = 64 * 1024) {
  const asked: number[] = [];
  const tail = await readPodTail(async (tailLines) => {
    asked.push(tailLines);
    const answer = Buffer.from(kubeletAnswer(records, { tailLines }));
    return new PodEntries("pods", byteSource(cut(answer, [pieceBytes])), false);
  }, lines);
  let text = "";
  const starts: number[] = [];
  const times: string[] = [];
  for await (const piece of tail.pieces) {
    starts.push(...piece.times.starts.map((start) => text.length + start));
    times.push(...piece.times.times);
    text += Buffer.from(piece.bytes).toString("latin1");
  }
  return { text, starts, times, cut: tail.cut, asked };
}

/** The records of lines that a runtime cuts into these numbers of parts. */
function recordsOf(parts: readonly number[]): {
  readonly records: readonly NodeLine[];
  readonly lines: readonly string[];
} {
  const lines = parts.map((count, line) =>
    Array.from({ length: count }, (_, part) => `<${line}.${part}>`)
      .concat("\n")
      .join(""),
  );
  const records = parts.flatMap((count, line) =>
    Array.from({ length: count }, (_, part) => ({
      nanos: line * 1e9 + part,
      text: `<${line}.${part}>${part + 1 === count ? "\n" : ""}`,
    })),
  );
  return { records, lines };
}

const last = (lines: readonly string[], count: number) => lines.slice(Math.max(0, lines.length - count)).join("");

describe("the last lines of a pod's log", () => {
  it.each([1, 2, 3, 4, 10])("are %i whole ones, even if one was cut into five records", async (count) => {
    const { records, lines } = recordsOf([1, 5, 1]);
    expect(await tailOf(records, count)).toMatchObject({ text: last(lines, count), cut: false });
  });

  it("are whole if the very last line was cut into records", async () => {
    const { records, lines } = recordsOf([1, 1, 5]);
    for (const count of [1, 2, 3]) expect((await tailOf(records, count)).text).toBe(last(lines, count));
  });

  it("are whole, however lines are cut into records and the response into pieces", async () => {
    const parts = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        parts,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 90 }),
        async (each, count, size) => {
          const { records, lines } = recordsOf(each);
          const tail = await tailOf(records, count, size);
          expect(tail).toMatchObject({ text: last(lines, count), cut: false });
          const kept = Math.min(count, lines.length);
          expect(tail.times).toHaveLength(kept);
          expect(tail.starts).toEqual(startsOf(last(lines, count)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("are whole if a program writes dots for an hour without a line feed", async () => {
    const dots = Array.from({ length: 3_600 }, (_, second) => ({ nanos: second * 1e9, text: "." }));
    const records = [{ nanos: 0, text: "begin\n" }, ...dots];
    expect(await tailOf(records, 1)).toMatchObject({ text: ".".repeat(3_600), cut: false });
  });

  it("include a partial line", async () => {
    const records = ["one\n", "two\n", "th", "ree"].map((text, nanos) => ({ nanos, text }));
    expect((await tailOf(records, 1)).text).toBe("three");
    expect((await tailOf(records, 2)).text).toBe("two\nthree");
  });

  it("are the whole log if it has fewer, or none", async () => {
    const { records, lines } = recordsOf([1, 2]);
    expect((await tailOf(records, 100)).text).toBe(lines.join(""));
    expect(await tailOf([], 5)).toMatchObject({ text: "", cut: false });
  });

  it("take one request if each is one record, with one more record that may be within a line", async () => {
    const { records } = recordsOf(Array.from({ length: 50 }, () => 1));
    expect((await tailOf(records, 10)).asked).toEqual([11]);
  });

  it("take requests for more and more records, no more than necessary", async () => {
    const { records, lines } = recordsOf([1, 500]);
    const { text, asked } = await tailOf(records, 1);
    expect(text).toBe(last(lines, 1));
    expect(asked).toEqual([2, 16, 128, 1024]);
  });

  it("are read back at most 16 MiB: beyond that, the first line is reported as cut", async () => {
    const part = "x".repeat(256 * 1_024);
    const records = [
      { nanos: 0, text: "begin\n" },
      ...Array.from({ length: 200 }, (_, index) => ({ nanos: index, text: part })),
      { nanos: 3_000, text: "end\n" },
    ];
    const { text, cut, asked } = await tailOf(records, 1);
    expect(cut).toBe(true);
    expect(text.endsWith("xend\n")).toBe(true);
    expect(text.indexOf("\n")).toBe(text.length - 1);
    expect(asked).toEqual([2, 16, 128]);
  });

  it("do not include earlier lines if the last one alone is longer than 16 MiB", async () => {
    const part = "x".repeat(1_024 * 1_024);
    const records = [
      ...Array.from({ length: 1_000 }, (_, index) => ({ nanos: index, text: `short ${index}\n` })),
      ...Array.from({ length: 20 }, (_, index) => ({ nanos: 1_000 + index, text: part })),
      { nanos: 3_000, text: "end\n" },
    ];
    const { text, cut } = await tailOf(records, 1);
    expect(text.slice(0, 100)).not.toContain("short");
    expect(cut || text.length === 20 * MIB + 4).toBe(true);
  });

  it("are whole if 16 MiB contain enough of them after a longer line", async () => {
    const part = "x".repeat(16 * 1_024);
    const records = [
      ...Array.from({ length: 2_000 }, (_, index) => ({ nanos: index, text: part })),
      { nanos: 2_000, text: "\n" },
      { nanos: 2_001, text: "one\n" },
      { nanos: 2_002, text: "two\n" },
    ];
    expect(await tailOf(records, 2)).toMatchObject({ text: "one\ntwo\n", cut: false });
  });
});

function startsOf(text: string): number[] {
  const starts: number[] = [];
  for (let at = 0; at < text.length; at = text.indexOf("\n", at) + 1 || text.length) starts.push(at);
  return starts;
}
