import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blocksOf, linesOf, storeOf } from "../../../../test/fakes/blocks.ts";
import { cut } from "../../../../test/fakes/byte-source.ts";
import { LEVEL_MASK, LINE_ERROR, LINE_WARNING } from "./block.ts";
import { createIngest } from "./ingest.ts";
import { lineText, styledParts } from "./line-text.ts";
import { createLogStore } from "./log-store.ts";
import { createStyleTable, type Style } from "./style.ts";

const ESC = "\x1b";

/** The first line's parts with their styles. */
function partsOf(text: string): [string, Style][] {
  const store = storeOf(text);
  const placed = store.at(0);
  if (placed === undefined) return [];
  const line = lineText(store, 0);
  return styledParts(placed.block, placed.index, line).map(({ start, end, style }) => [
    line.slice(start, end),
    store.styles[style] as Style,
  ]);
}

describe("lines", () => {
  it("have the source's numbers, and the last one needs no line feed", () => {
    const [block] = blocksOf("one\r\n\nthree");
    expect(linesOf(storeOf("one\r\n\nthree"))).toEqual(["one", "", "three"]);
    expect([...(block?.numbers ?? [])]).toEqual([1, 2, 3]);
  });

  it("are none in an empty log", () => {
    expect(blocksOf("")).toEqual([]);
  });

  it("are returned while they are partial, and again when they are complete", () => {
    const ingest = createIngest(createStyleTable());
    ingest.push(new TextEncoder().encode("one\ntw"), 1, 0);
    expect(ingest.take(true)).toHaveLength(1);
    expect(Buffer.from(ingest.unfinished()?.text ?? []).toString()).toBe("tw\n");
    ingest.push(new TextEncoder().encode("o\n"), 2, 0);
    expect(ingest.unfinished()).toBeUndefined();
    const [block] = ingest.take(true);
    expect(Buffer.from(block?.text ?? []).toString()).toBe("two\n");
    expect([...(block?.numbers ?? [])]).toEqual([2]);
  });

  it("of several sources may be interleaved, also in the middle of a style", () => {
    const styles = createStyleTable();
    const ingest = createIngest(styles);
    const push = (text: string, line: number, source: number) =>
      ingest.push(new TextEncoder().encode(text), line, source);
    push(`a ${ESC}[31mre`, 7, 0);
    push("plain\n", 1, 1);
    push(`d${ESC}[0m b\n`, 7, 0);
    const store = createLogStore(Number.POSITIVE_INFINITY);
    for (const block of ingest.take(true)) store.append(block);
    expect(linesOf(store)).toEqual(["plain", "a red b"]);
    const [plain, red] = [0, 1].map((line) => {
      const placed = store.at(line);
      return placed && styledParts(placed.block, placed.index, lineText(store, line));
    });
    expect(plain).toEqual([]);
    expect(red).toMatchObject([{ start: 2, end: 5 }]);
    expect([...(store.at(0)?.block.numbers ?? [])]).toEqual([1, 7]);
    expect([...(store.at(0)?.block.sources ?? [])]).toEqual([1, 0]);
  });

  it("stay plain after those of another source that end in a style", () => {
    const ingest = createIngest(createStyleTable());
    const store = createLogStore(Number.POSITIVE_INFINITY);
    for (const text of [`${ESC}[31ma\n${ESC}[0m`, "b\n"]) {
      ingest.push(new TextEncoder().encode(text), 0, 0);
      for (const block of ingest.take(true)) store.append(block);
    }
    const placed = store.at(1);
    expect(placed && styledParts(placed.block, placed.index, "b")).toEqual([]);
  });

  it("do not depend on how the bytes are cut", () => {
    const piece = fc.constantFrom(
      ...["a", "\n", "\r\n", "\r", "ä", "漢字", "👩‍🚀", "\t", "ERROR x", "WARN "],
      ...[`${ESC}[31m`, `${ESC}[0m`, `${ESC}[1;38;5;200m`, `${ESC}[38;2;1;2;3m`, `${ESC}[2K`, `${ESC}[5A`, `${ESC}`],
      ...[
        `${ESC}]8;;javascript:alert(1)${ESC}\\`,
        `${ESC}]52;c;aGk=\x07`,
        `${ESC}]0;title`,
        `${ESC}(B`,
        "section_start:1:a\r",
      ],
    );
    const seen = (pieces: Iterable<Uint8Array>) => {
      const styles = createStyleTable();
      const ingest = createIngest(styles);
      const store = createLogStore(Number.POSITIVE_INFINITY);
      for (const bytes of pieces) {
        ingest.push(bytes, 0, 0);
        for (const block of ingest.take(true)) store.append(block);
      }
      ingest.end();
      for (const block of ingest.take(true)) store.append(block);
      return linesOf(store).map((text, line) => {
        const placed = store.at(line);
        if (placed === undefined) return [];
        const { block, index } = placed;
        const parts = styledParts(block, index, text).map(({ start, end, style }) => [
          start,
          end,
          styles.styles[style],
        ]);
        return [
          text,
          joinParts(parts),
          block.numbers[index],
          block.columns[index],
          block.flags[index],
          store.overwrittenAt(line)?.states,
        ];
      });
    };
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (texts, lengths) => {
          const bytes = new TextEncoder().encode(texts.join(""));
          expect(seen(cut(bytes, lengths))).toEqual(seen([bytes]));
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Joins adjacent parts of one style. */
function joinParts(parts: (number | Style | undefined)[][]): unknown[] {
  const joined: (number | Style | undefined)[][] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last !== undefined && last[1] === part[0] && JSON.stringify(last[2]) === JSON.stringify(part[2]))
      last[1] = part[1];
    else joined.push([...part]);
  }
  return joined;
}

describe("escape sequences", () => {
  it.each([
    ["a link to a script", `a${ESC}]8;;javascript:alert(1)\x07b${ESC}]8;;\x07c`, "abc"],
    ["a clipboard that is written", `a${ESC}]52;c;ZXZpbA==${ESC}\\b`, "ab"],
    ["a title", `${ESC}]0;evil\x07a`, "a"],
    ["a cursor that moves", `a${ESC}[10;10H${ESC}[2Jb${ESC}[?25l`, "ab"],
    ["a character set", `${ESC}(Ba${ESC}=b`, "ab"],
    ["a device control string", `a${ESC}Pq#0;2;0${ESC}\\b`, "ab"],
    ["a sequence that is not a style", `a${ESC}[>4;1mb`, "ab"],
  ])("%s is removed", (_, text, line) => {
    expect(linesOf(storeOf(text))).toEqual([line]);
  });

  it("that are unterminated hide no more than their line", () => {
    expect(linesOf(storeOf(`a${ESC}]0;never\nb${ESC}[12\nc${ESC}`))).toEqual(["a", "b", "c"]);
  });
});

describe("styles", () => {
  it("have 16, 256 or 24-bit colours, and attributes", () => {
    const plain = { foreground: -1, background: -1, attributes: 0 };
    expect(
      partsOf(`${ESC}[1;31ma${ESC}[0;38;5;200;48;5;17mb${ESC}[0m${ESC}[38;2;1;2;3mc${ESC}[39;4md${ESC}[0me`),
    ).toEqual([
      ["a", { ...plain, foreground: 1, attributes: 1 }],
      ["b", { ...plain, foreground: 200, background: 17 }],
      ["c", { ...plain, foreground: 0x1010203 }],
      ["d", { ...plain, attributes: 8 }],
    ]);
    expect(partsOf(`${ESC}[38:2::9:8:7ma${ESC}[97;101mb${ESC}[4:0mc`)).toMatchObject([
      ["a", { foreground: 0x1090807 }],
      ["b", { foreground: 15, background: 9 }],
      ["c", { foreground: 15, background: 9, attributes: 0 }],
    ]);
  });

  it("continue over lines, as in a terminal, without making the next line an error", () => {
    const store = storeOf(`${ESC}[31mone\ntwo${ESC}[0m\n`);
    const second = store.at(1);
    expect(second && styledParts(second.block, second.index, "two")).toMatchObject([{ start: 0, end: 3 }]);
    expect([store.errors.has(0), store.errors.has(1)]).toEqual([true, false]);
  });

  it("that are set after a line's carriage return apply to the next line", () => {
    const store = storeOf(`one\r${ESC}[31m\ntwo${ESC}[0m\nthree`);
    const parts = [0, 1, 2].map((line) => {
      const placed = store.at(line);
      return placed && styledParts(placed.block, placed.index, lineText(store, line)).length;
    });
    expect(parts).toEqual([0, 1, 0]);
  });

  it("are found after multi-byte characters", () => {
    expect(partsOf(`ä漢👩${ESC}[32mok${ESC}[0m`)).toMatchObject([["ok", { foreground: 2 }]]);
  });

  it("are plain beyond a maximum number", () => {
    const table = createStyleTable();
    for (let each = 0; each < 6000; each += 1)
      table.indexOf({ foreground: 0x1000000 + each, background: -1, attributes: 0 });
    expect(table.styles).toHaveLength(4096);
  });
});

describe("an overwritten line", () => {
  it("shows its last state, and keeps earlier ones", () => {
    const store = storeOf("10%\r50%\r100% done\nnext\n");
    expect(linesOf(store)).toEqual(["100% done", "next"]);
    expect(store.overwrittenAt(0)).toMatchObject({ states: ["10%", "50%"], count: 2 });
    expect(store.overwrittenAt(1)).toBeUndefined();
  });

  it("may be overwritten by moving to the first column, or by clearing the line, as npm does", () => {
    expect(linesOf(storeOf(`${ESC}[1G⠙ idealTree${ESC}[1G${ESC}[0K⠹ reify${ESC}[2Kadded 3\n`))).toEqual(["added 3"]);
  });

  it("keeps a limited number of states", () => {
    const store = storeOf(`${Array.from({ length: 5000 }, (_, each) => `${each}`).join("\r")}\n`);
    expect(linesOf(store)).toEqual(["4999"]);
    expect(store.overwrittenAt(0)?.count).toBe(4999);
    expect(store.overwrittenAt(0)?.states).toHaveLength(200);
  });
});

describe("levels", () => {
  it("are found once for each line, by words, by formats of programs, and by red", () => {
    const store = storeOf(
      [
        "ok",
        "ERROR no",
        "0 errors",
        "WARN slow",
        `${ESC}[31mred${ESC}[0m`,
        "E0312 10:00:00.000 1 a.go:1] no",
        "INFO err=nil",
      ].join("\n"),
    );
    const levels = Array.from(
      { length: store.lines },
      (_, line) => (store.at(line)?.block.flags[line] ?? 0) & LEVEL_MASK,
    );
    expect(levels).toEqual([0, LINE_ERROR, 0, LINE_WARNING, LINE_ERROR, LINE_ERROR, 0]);
    expect([store.errors.count, store.warnings.count]).toEqual([3, 1]);
  });

  it("are found after lines with non-ASCII characters", () => {
    expect(storeOf("Größe ä漢字👩‍🚀\nERROR no\n").errors.at(0)).toBe(1);
  });
});

describe("columns", () => {
  it.each([
    ["abc", 3],
    ["a\tb", 9],
    ["漢字", 4],
    ["e\u0301", 1],
    ["👩‍🚀!", 3],
    ["✓ ok", 4],
  ])("of %j: %i", (text, columns) => {
    expect(blocksOf(text)[0]?.columns[0]).toBe(columns);
  });
});
