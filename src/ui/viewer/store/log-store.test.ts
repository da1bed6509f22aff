import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blocksOf, linesOf, storeOf } from "../../../../test/fakes/blocks.ts";
import { chosenLines } from "./chosen-lines.ts";
import { copyText } from "./copy-text.ts";
import { hiddenRanges } from "./folds.ts";
import { lineText } from "./line-text.ts";
import { createLogStore } from "./log-store.ts";
import { allRows, chosenRows } from "./rows.ts";

const numbered = (count: number, first = 1): string =>
  Array.from({ length: count }, (_, line) => `line ${first + line}`).join("\n");

describe("a log in memory", () => {
  it("finds each line, however blocks were cut and joined", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const store = createLogStore(Number.POSITIVE_INFINITY);
        let next = 1;
        for (const size of sizes) {
          for (const block of blocksOf(numbered(size, next))) store.append(block);
          next += size;
        }
        expect(linesOf(store)).toEqual(Array.from({ length: next - 1 }, (_, line) => `line ${line + 1}`));
      }),
    );
  });

  it("has one more line while the last one is partial", () => {
    const store = storeOf("one\ntwo");
    store.setUnfinished(blocksOf("thr")[0]);
    expect([store.lines, store.ended, lineText(store, 2)]).toEqual([3, 2, "thr"]);
    for (const block of blocksOf("three")) store.append(block);
    expect(linesOf(store)).toEqual(["one", "two", "three"]);
  });

  it("evicts its middle at the memory limit, and its lines keep their positions", () => {
    const store = createLogStore(3_000_000);
    const text = `${"ERROR x".padEnd(200, "x")}\n`.repeat(1_000);
    for (let each = 0; each < 40; each += 1) for (const block of blocksOf(text)) store.append(block);
    expect(store.bytes).toBeLessThanOrEqual(3_000_000);
    const [from, to] = store.gap;
    expect([from > 0, to < 40_000, store.lines]).toEqual([true, true, 40_000]);
    expect([store.at(from - 1), store.at(to)].every((each) => each !== undefined)).toBe(true);
    expect([store.at(from), store.at(to - 1)]).toEqual([undefined, undefined]);
    expect(store.errors.count).toBe(40_000 - (to - from));
    expect([store.errors.next(from - 1), store.errors.at(store.errors.count - 1)]).toEqual([to, 39_999]);
    expect([...store.blocks(from, to)]).toEqual([]);
  });

  it("finds a line by its number, also if numbers jump", () => {
    const store = createLogStore(Number.POSITIVE_INFINITY);
    for (const block of blocksOf("a\nb\nc")) store.append({ ...block, numbers: Uint32Array.of(5, 9, 10) });
    expect([5, 9, 10, 6].map((number) => store.positionOf(number))).toEqual([0, 1, 2, -1]);
    const plain = storeOf("a\nb\nc");
    expect([1, 3, 4, 0].map((number) => plain.positionOf(number))).toEqual([0, 2, -1, -1]);
  });

  it("keeps a notice before the line that arrived after it", () => {
    const store = storeOf("one\ntwo");
    store.addNotice("SEAM", "The log continues elsewhere.");
    for (const block of blocksOf("three")) store.append(block);
    expect(store.notices).toEqual([{ line: 2, kind: "SEAM", message: "The log continues elsewhere." }]);
  });
});

describe("the sources of lines", () => {
  it("are known by attempt, pod and container; beyond what a line can name, one stands for all others", () => {
    const store = createLogStore(Number.POSITIVE_INFINITY);
    const main = { container: "main", attempt: 0 };
    expect(store.sourceIndex(main)).toBe(0);
    expect(store.sourceIndex({ ...main, pod: "aaaaa" })).toBe(1);
    expect(store.sourceIndex({ ...main, pod: "" })).toBe(0);
    for (let pod = 2; pod < 400; pod += 1) {
      const index = store.sourceIndex({ ...main, pod: `p${pod}` });
      expect(index).toBe(Math.min(pod, 255));
    }
    expect([store.sourceIndex({ ...main, pod: "aaaaa" }), store.sourceIndex({ ...main, pod: "p399" })]).toEqual([
      1, 255,
    ]);
    expect(store.sources[255]?.container).toBe("…");
  });
});

describe("rows", () => {
  it("are all lines except folded and evicted ones, with notices between them", () => {
    const notice = { line: 3, kind: "SEAM", message: "" };
    const rows = allRows({ lines: 12, gap: [8, 10], notices: [notice, { ...notice, line: 12 }], hidden: [[5, 7]] });
    const shown = Array.from({ length: rows.count }, (_, row) => rows.at(row));
    expect(shown.map((row) => (row.kind === "line" ? row.line : row.kind))).toEqual([
      0,
      1,
      2,
      "notice",
      3,
      4,
      7,
      "gap",
      10,
      11,
      "notice",
    ]);
    for (const [row, each] of shown.entries()) if (each.kind === "line") expect(rows.rowOf(each.line)).toBe(row);
    expect([rows.rowOf(6), rows.shows(6)]).toEqual([5, false]);
    expect([rows.rowOf(9), rows.shows(9)]).toEqual([7, false]);
  });

  it("of a folded group are its head", () => {
    const folds = [{ head: 1, end: 4, title: "", depth: 0, closed: true, expanded: false, isStack: false }];
    const rows = allRows({ lines: 6, gap: [0, 0], notices: [], hidden: hiddenRanges(folds, () => true) });
    expect([rows.count, rows.rowOf(3), rows.at(2)]).toEqual([4, 1, { kind: "line", line: 4 }]);
  });

  it("may be filtered lines only", () => {
    const rows = chosenRows(Uint32Array.of(2, 5, 9));
    expect([rows.count, rows.rowOf(5), rows.rowOf(6), rows.shows(6)]).toEqual([3, 1, 2, false]);
    expect(chosenRows(new Uint32Array()).count).toBe(0);
  });

  it("are filtered by level and by match, with context", () => {
    const store = storeOf("a\nERROR b\nc\nWARN d\ne\nf\nERROR g");
    const choose = (choice: Partial<Parameters<typeof chosenLines>[1]>) => [
      ...chosenLines(store, { matches: undefined, severity: "all", context: 0, ...choice }),
    ];
    expect(choose({ severity: "warn" })).toEqual([1, 3, 6]);
    expect(choose({ matches: store.errors })).toEqual([1, 6]);
    expect(choose({ matches: store.errors, context: 1 })).toEqual([0, 1, 2, 5, 6]);
    expect(choose({ matches: store.warnings, severity: "warn" })).toEqual([3]);
  });
});

describe("copied text", () => {
  it("is the lines' text without colours, beyond the screen, with bidirectional controls made visible", () => {
    const store = storeOf("\x1b[31mone\x1b[0m\ntwo \u202e!\nthree");
    expect(copyText(store, { from: 0, to: 2 })).toBe("one\ntwo U+202E!\nthree");
    expect(copyText(store, { from: 0, to: 2, shown: (line) => line !== 1 })).toBe("one\nthree");
  });
});
