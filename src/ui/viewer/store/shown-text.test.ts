import { describe, expect, it } from "vitest";
import { storeOf } from "../../../../test/fakes/blocks.ts";
import { coloursOf, contrast, luminance, rgbOf } from "./ansi-colour.ts";
import { columnsOf } from "./columns.ts";
import { afterAct } from "./following.ts";
import { visibleParts } from "./invisible.ts";
import { linksIn } from "./links.ts";
import { overviewMarks } from "./overview.ts";
import { prettyJson } from "./pretty-json.ts";
import { evenHeights, wrapHeights } from "./row-heights.ts";
import { allRows } from "./rows.ts";
import { createSortedLines } from "./sorted-lines.ts";
import { INVERSE, NO_COLOUR, RGB } from "./style.ts";

describe("invisible characters", () => {
  it("are shown by name", () => {
    expect(visibleParts("a\u202eb\u0007\u200b")).toEqual([
      { text: "a" },
      { text: "\u202e", name: "U+202E" },
      { text: "b" },
      { text: "\u0007", name: "␇" },
      { text: "\u200b", name: "U+200B" },
    ]);
  });

  it("stay where scripts and emoji need them", () => {
    for (const text of ["👩‍🚀", "می‌خواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301", "a\tb"]) expect(visibleParts(text)).toEqual([{ text }]);
  });
});

describe("links", () => {
  it.each([
    ["see https://a.example/b?c=d#e.", ["https://a.example/b?c=d#e"]],
    ["(https://a.example/b_(c))", ["https://a.example/b_(c)"]],
    ["javascript:alert(1) data:text/html,x ftp://a file:///etc", []],
    ["xhttp://a http://", []],
    ['"http://a.example/"', ["http://a.example/"]],
    ["http://a.example/\u202egpj.exe", ["http://a.example/"]],
  ])("in %j: %j", (text, links) => {
    expect(linksIn(text).map(({ href }) => href)).toEqual(links);
  });
});

describe("colours", () => {
  it("are readable in both themes, whatever the log sets", () => {
    const grounds = { light: [0xff, 0xff, 0xff], dark: [0x16, 0x1b, 0x1f] } as const;
    const read = (css: string) =>
      [1, 3, 5].map((at) => Number.parseInt(css.slice(at, at + 2), 16)) as unknown as [number, number, number];
    const colours = [...Array(256).keys(), ...[0, 0xffffff, 0xffff00, 0x0000ff, 0x808080].map((rgb) => RGB + rgb)];
    for (const theme of ["light", "dark"] as const) {
      for (const foreground of colours) {
        const { text } = coloursOf({ foreground, background: NO_COLOUR, attributes: 0 }, theme);
        expect(contrast(read(text ?? ""), grounds[theme])).toBeGreaterThanOrEqual(4.5);
        for (const attributes of [0, INVERSE]) {
          const both = coloursOf({ foreground, background: 17, attributes }, theme);
          expect(contrast(read(both.text ?? ""), read(both.ground ?? ""))).toBeGreaterThanOrEqual(4.5);
          const alone = coloursOf({ foreground: NO_COLOUR, background: foreground, attributes }, theme);
          if (attributes === 0)
            expect(contrast(read(alone.text ?? ""), read(alone.ground ?? ""))).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });

  it("match xterm's cube and greys", () => {
    expect([rgbOf(16), rgbOf(196), rgbOf(255), rgbOf(RGB + 0x010203)]).toEqual([
      [0, 0, 0],
      [255, 0, 0],
      [238, 238, 238],
      [1, 2, 3],
    ]);
    expect(luminance([255, 255, 255])).toBeCloseTo(1);
  });
});

describe("following", () => {
  const on = { on: true, seen: 0 };
  const off = { on: false, seen: 5 };
  it("stops with any act, and starts again only at the end", () => {
    expect(afterAct(on, { kind: "scrolled", up: true, atEnd: true }, 9)).toEqual({ on: false, seen: 9 });
    expect(afterAct(on, { kind: "touched" }, 9)).toEqual({ on: false, seen: 9 });
    expect(afterAct(off, { kind: "scrolled", up: false, atEnd: false }, 9)).toEqual(off);
    expect(afterAct(off, { kind: "scrolled", up: false, atEnd: true }, 9).on).toBe(true);
    expect(afterAct(off, { kind: "went-to-end" }, 9).on).toBe(true);
    expect(afterAct(off, { kind: "touched" }, 9)).toEqual(off);
    expect([afterAct(on, { kind: "switched" }, 9).on, afterAct(off, { kind: "switched" }, 9).on]).toEqual([
      false,
      true,
    ]);
  });
});

describe("the overview", () => {
  const sorted = (...lines: number[]) => {
    const made = createSortedLines();
    for (const line of lines) made.push(line);
    return made;
  };
  it("has one mark per slot, of the highest severity, and matches beside it", () => {
    const marks = overviewMarks({ errors: sorted(1, 2, 99), warnings: sorted(0, 50), matches: sorted(99) }, 100, 10);
    expect(marks).toEqual([
      { line: 50, kind: "warning" },
      { line: 1, kind: "error" },
      { line: 99, kind: "error" },
      { line: 99, kind: "match" },
    ]);
    expect(overviewMarks({ errors: sorted(), warnings: sorted(), matches: sorted() }, 0, 10)).toEqual([]);
    expect(overviewMarks({ errors: sorted(0, 1, 2), warnings: sorted(), matches: sorted() }, 3, 100)).toHaveLength(3);
  });
});

describe("JSON in a line", () => {
  it.each([
    ['{"a":1}', '{\n  "a": 1\n}'],
    ['[INFO] got {"a":[1]} ok', '[INFO] got\n{\n  "a": [\n    1\n  ]\n}\nok'],
    ["{no}", undefined],
    ["", undefined],
  ])("%j", (line, pretty) => {
    expect(prettyJson(line)).toBe(pretty);
  });
});

describe("the width of a text", () => {
  it.each([
    ["abc", 3],
    ["\u26a0", 1],
    ["\u26a0\ufe0f", 2],
    ["1\ufe0f\u20e3", 2],
    ["\u2714\ufe0f \u2714\ufe0f", 5],
    ["\u{1f680}", 2],
    ["\u{1f680}\ufe0f", 2],
    ["\u{1f469}\u200d\u2764\ufe0f\u200d\u{1f468}", 2],
    ["\u6570\u636e", 4],
    ["e\u0301", 1],
  ])("%j: %i columns", (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });
});

describe("rows of wrapped lines", () => {
  const widths = [0, 10, 11, 25, 100, 3];
  const store = storeOf(
    Array.from({ length: 1000 }, (_, line) => "x".repeat(widths[line % widths.length] ?? 0)).join("\n"),
  );
  const rows = allRows({
    lines: store.lines,
    gap: [0, 0],
    notices: [{ line: 2, kind: "SEAM", message: "" }],
    hidden: [[10, 20]],
  });
  it("begin where the previous ones end, and are found by their offset", () => {
    const heights = wrapHeights(store, rows, { columns: 10, maxColumns: 50, more: new Map([[4, 100]]) });
    let start = 0;
    for (let row = 0; row < rows.count; row += 1) {
      expect(heights.startOf(row)).toBe(start);
      expect(heights.rowAt(start)).toBe(row);
      expect(heights.rowAt(start + heights.of(row) - 0.5)).toBe(row);
      start += heights.of(row);
    }
    expect(heights.total).toBe(start);
    // Line 4 is shown whole; another one, 16 lines later, up to 50 columns plus a button.
    expect([heights.of(rows.rowOf(4)), heights.of(rows.rowOf(22))]).toEqual([10, 6]);
  });

  it("have the heights that were measured, where there are any", () => {
    const measured = new Map([
      [4, 2.5],
      [5, 3],
    ]);
    const guessed = wrapHeights(store, rows, { columns: 10, maxColumns: 50, more: new Map() });
    const heights = wrapHeights(store, rows, { columns: 10, maxColumns: 50, more: new Map(), measured });
    expect([heights.of(rows.rowOf(4)), heights.of(rows.rowOf(5))]).toEqual([2.5, 3]);
    const [four, five] = [guessed.of(rows.rowOf(4)), guessed.of(rows.rowOf(5))];
    expect(heights.total).toBe(guessed.total - four - five + 5.5);
    expect(heights.startOf(rows.rowOf(6))).toBe(guessed.startOf(rows.rowOf(6)) - four - five + 5.5);
  });

  it("are one line high without wrapping", () => {
    const heights = evenHeights(rows);
    expect([heights.total, heights.startOf(7), heights.rowAt(7.9), heights.of(3)]).toEqual([rows.count, 7, 7, 1]);
  });
});
