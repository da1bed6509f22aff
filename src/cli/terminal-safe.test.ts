import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { CHARACTER } from "../../test/fakes/characters.ts";
import { createTerminalFilter, ERASE_LINE, type TerminalFilterOptions } from "./terminal-safe.ts";

function filtered(
  input: string | Uint8Array,
  lengths: readonly number[] = [1_000_000],
  options: Partial<TerminalFilterOptions> = {},
): string {
  const filter = createTerminalFilter({ colors: true, ...options });
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  return cut(bytes, lengths).map(filter.write).join("") + filter.end();
}

const ESC = "\x1b";
const BEL = "\x07";
const ST = `${ESC}\\`;

describe("what is kept", () => {
  it.each([
    ["plain text", "one\ntwo\tthree äöü 漢字 😀\n"],
    ["colours", `${ESC}[31mred${ESC}[0m ${ESC}[m ${ESC}[1;38;5;196mx${ESC}[38:2::1:2:3my`],
    ["a byte order mark", "\uFEFFtext"],
    ["nothing", ""],
  ])("is %s, unchanged", (_, text) => {
    expect(filtered(text)).toBe(text);
  });
});

describe("what is removed", () => {
  it.each([
    ["a title", `a${ESC}]0;evil${BEL}b`, "ab"],
    ["a title that ends in ST", `a${ESC}]2;evil${ST}b`, "ab"],
    ["a link, but not its text", `${ESC}]8;;http://evil.example${ST}text${ESC}]8;;${ST}`, "text"],
    ["a write to the clipboard", `a${ESC}]52;c;ZXZpbA==${BEL}b`, "ab"],
    ["device control", `a${ESC}P$q"p${ST}b`, "ab"],
    ["APC, PM and SOS", `a${ESC}_G${ST}b${ESC}^x${ST}c${ESC}Xy${ST}d`, "abcd"],
    ["cursor moves and erasure", `a${ESC}[2J${ESC}[1;1H${ESC}[3A${ESC}[Kb`, "ab"],
    ["private modes", `a${ESC}[?1049h${ESC}[?25lb`, "ab"],
    ["reports", `a${ESC}[6n${ESC}[c${ESC}[>0qb`, "ab"],
    ["sequences that only look like colours", `a${ESC}[>4;2m${ESC}[?4m${ESC}[0 m${ESC}[1!mb`, "ab"],
    ["a colour with too many parameters", `a${ESC}[${"1;".repeat(500)}mb`, "ab"],
    ["a reset of the terminal", `a${ESC}cb${ESC}7c${ESC}8d`, "abcd"],
    ["character sets", `a${ESC}(0b${ESC}#8c${ESC}%Gd`, "abcd"],
    ["a screen's title sequence, but not its text", `a${ESC}kname${ST}b`, "anameb"],
    ["C1 controls", "a\u009b31mb\u009dc\u0090d\u0085e\u009cf", "a31mbcdef"],
    ["bytes that are C1 controls to old terminals", Buffer.from("a\x9b31mb\x9dc", "latin1"), "a\uFFFD31mb\uFFFDc"],
    ["bells and other controls", "a\x07bc\x00d\x0ee\x7ff\x0cg\x0bh", "abcdefgh"],
    ["an escape in the middle of a sequence", `a${ESC}[3${ESC}[31mb`, `a${ESC}[31mb`],
    ["an escape in the middle of a string", `a${ESC}]0;x${ESC}[31mb`, `a${ESC}[31mb`],
    ["escapes in a row", `a${ESC}${ESC}${ESC}[31mb`, `a${ESC}[31mb`],
    ["a string that was cancelled", `a${ESC}]0;x\x18b`, "ab"],
  ])("is %s", (_, input, expected) => {
    expect(filtered(input)).toBe(expected);
  });

  it.each([
    [`a${ESC}]0;never ends\nnext`, "a\nnext"],
    [`a${ESC}[31\nnext`, "a\nnext"],
    [`a${ESC}\nnext`, "a\nnext"],
    [`a${ESC}]0;x${ESC}\nnext`, "a\nnext"],
    [`a${ESC}Pnever ends\r\nnext`, "a\nnext"],
  ])("from %j does not affect the next line", (input, expected) => {
    expect(filtered(input)).toBe(expected);
  });

  it.each([
    [`${ESC}ä`, "ä"],
    [`${ESC}[ä`, "ä"],
    [`${ESC}[3漢b`, "漢b"],
    [`${ESC}\u009b31m`, "31m"],
    [`${ESC}[\u009b31m`, "31m"],
    [`${ESC}\r\nx`, "\nx"],
  ])("from %j is never part of a character", (input, expected) => {
    expect(filtered(input)).toBe(expected);
  });
});

describe("a carriage return", () => {
  it.each([
    ["a\r\nb", "a\nb"],
    ["good\rbad", "bad"],
    ["1%\r2%\r3%\r\n", "3%\n"],
    ["1%\r2%\r3%\r", "3%"],
    ["a\r\r\nb", "a\nb"],
    ["one\n1%\r2%\ntwo\n", "one\n2%\ntwo\n"],
    [`a\r${ESC}[31mb`, `${ESC}[31mb`],
    [`${ESC}[32m1%\r2%\r3%${ESC}[0m\n`, `${ESC}[32m3%${ESC}[0m\n`],
    [`a\r${ESC}[0m\n`, `a${ESC}[0m\n`],
    [`a\r${ESC}]0;x${BEL}b`, "b"],
    ["\r\rb", "b"],
  ])("in %j keeps the line's last state: %j", (input, expected) => {
    expect(filtered(input)).toBe(expected);
  });

  it("keeps a line's time if there are times", () => {
    const time = "2026-01-02T03:04:05.000000006Z ";
    expect(filtered(`${time}1%\r2%\n${time}x\n`, undefined, { timestamps: true })).toBe(`${time}2%\n${time}x\n`);
    expect(filtered(`${time}1%\r2%\n`)).toBe("2%\n");
  });

  it("clears at most 64 KiB: each state of a longer line becomes a line", () => {
    const long = "x".repeat(70_000);
    expect(filtered(`${long}\rb\rc\n`)).toBe(`${long}\nc\n`);
    const states = Array.from({ length: 30_000 }, (_, index) => `${ESC}[3${index % 8}m${index}`);
    const shown = filtered(`${states.join("\r")}\nnext\n`);
    expect(shown).toMatch(/29999\nnext\n$/);
    expect(shown.length).toBeLessThan(2_000);
  });
});

describe("a backspace", () => {
  it.each([
    ["Solving environment: |\b/\b-\b\\\b|\bdone\n", "Solving environment: done\n"],
    [`Loading: 5%${"\b".repeat(15)}    Loading: 60%`, "    Loading: 60%"],
    [`N\b${ESC}[1mN${ESC}[0mA\bA`, `${ESC}[1mN${ESC}[0mA`],
    ["gr\u00fc\ud83d\ude00\bn\n", "gr\u00fcn\n"],
    ["100%\b\b\b\b\nnext", "100%\nnext"],
    ["a\n\b\bb", "a\nb"],
  ])("in %j lets what comes next overwrite the characters before it: %j", (input, expected) => {
    expect(filtered(input)).toBe(expected);
  });

  it("leaves a line's time as it is", () => {
    const time = "2026-01-02T03:04:05.000000006Z ";
    expect(filtered(`${time}1%${"\b".repeat(99)}2%\n`, undefined, { timestamps: true })).toBe(`${time}2%\n`);
  });

  it("erases on a terminal too, and never more than the line has", () => {
    expect(filtered("ab\b\b\bc\n", undefined, { live: true })).toBe(`ab\b\b${ESC}[Kc\n`);
  });
});

it("a run of NULs is one thing", () => {
  expect(filtered(`${"\0".repeat(1_048_576)}10:00:01 started\n`, [65_536])).toBe("[NUL x 1,048,576]10:00:01 started\n");
});

describe("live on a terminal", () => {
  const live = { live: true };

  it("text is returned at once, and a carriage return erases its line on the terminal", () => {
    const filter = createTerminalFilter({ colors: true, live: true });
    expect(filter.write(Buffer.from("..."))).toBe("...");
    expect(filter.write(Buffer.from("1%\r"))).toBe("1%");
    expect(filter.write(Buffer.from("2%\r"))).toBe(`${ERASE_LINE}2%`);
    expect(filter.write(Buffer.from("\nnext"))).toBe("\nnext");
    expect(filter.end()).toBe("");
  });

  it("a line keeps its time, and a carriage return before a line feed erases nothing", () => {
    const time = "2026-01-02T03:04:05.000000006Z ";
    expect(filtered(`${time}1%\r2%\r\nb`, undefined, { ...live, timestamps: true })).toBe(
      `${time}1%${ERASE_LINE}${time}2%\nb`,
    );
  });

  it("text differs from other output only in the erased lines", () => {
    const controls = `a${ESC}]0;x${BEL}b${ESC}[2Jc\u009bd${ESC}[31me\n`;
    expect(filtered(controls, [1], live)).toBe(filtered(controls));
  });
});

it("removes colours, and nothing else, on request", () => {
  expect(filtered(`a${ESC}[31mb${ESC}[0m\n${ESC}[1mc`, undefined, { colors: false })).toBe("ab\nc");
});

describe("any log", () => {
  const part = fc.oneof(
    fc.constantFrom(ESC, "[", "]", "0;", "31", "m", ";", ":", BEL, ST, "\r", "\n", "\r\n", "\t", "?", "P", "\\"),
    fc.constantFrom("\u009b", "\u009d", "\u0085", "\x00", "\x7f", "ä", "漢", "😀", "J", "c", " ", "text", `${ESC}[0m`),
    fc.string({ unit: CHARACTER, maxLength: 3 }),
  );
  const log = fc.array(part, { maxLength: 40 }).map((parts) => parts.join(""));
  const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 });

  it("has the same result however it is cut", () => {
    fc.assert(
      fc.property(log, lengths, (text, cuts) => {
        expect(filtered(text, cuts)).toBe(filtered(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("yields no control characters except colours, tabs and line feeds, even if it is not text", () => {
    const bytes = fc.oneof(
      log.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 100 }),
      fc.array(fc.constantFrom(0x1b, 0x5b, 0x5d, 0xc2, 0x9b, 0x9d, 0x80, 0x6d, 0x33, 0x0d, 0x0a), { maxLength: 60 }),
    );
    fc.assert(
      fc.property(bytes, lengths, (input, cuts) => {
        const out = filtered(Uint8Array.from(input), cuts);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain these.
        expect(out.replace(/\x1b\[[0-9:;]*m/g, "")).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("passes unchanged if it has no control characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), lengths, (text, cuts) => {
        fc.pre(!/\p{Cc}/u.test(text));
        expect(filtered(text, cuts)).toBe(text);
      }),
    );
  });
});
