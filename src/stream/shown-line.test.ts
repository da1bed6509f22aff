import fc from "fast-check";
import { expect, it } from "vitest";
import { lineHash } from "../client/line-hash.ts";
import { createIngest } from "../ui/viewer/store/ingest.ts";
import { lineBytes } from "../ui/viewer/store/line-text.ts";
import { createStyleTable } from "../ui/viewer/store/style.ts";
import { searchedLine, showLine, shownLine, showText } from "./shown-line.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (shown: Uint8Array): string => new TextDecoder().decode(shown);

it.each([
  ["", ""],
  ["wörd", "wörd"],
  ["\x1b[31mred\x1b[0m", "red"],
  ["10%\r50%\r100%", "100%"],
  ["done\r", "done"],
  ["10%\r\x1b[2Kdone", "done"],
  ["gone\x1b[2Kleft", "left"],
  ["\x1b]0;title\x07text", "text"],
  ["cut\x1b[", "cut"],
  ["ends in CRLF\r", "ends in CRLF"],
  ["Solving environment: |\b/\b-\b\\\b|\bdone", "Solving environment: done"],
  [`Loading: 5%${"\b".repeat(15)}    Loading: 60%`, "    Loading: 60%"],
  ["N\bNA\bAM\bME\bE", "NAME"],
  ["gr\u00fc\u00dfe\b\b\be", "gre"],
  ["100%\b\b\b\b", "100%"],
  ["\b\b\ba", "a"],
  ["\x1b[31mFAIL\x1b[m\x0f refund", "FAIL refund"],
  ["\x0ea\x0f", "a"],
  [`${"\0".repeat(1_048_576)}started`, "[NUL x 1,048,576]started"],
  ["a\0b", "a\0b"],
  [`a${"\0".repeat(9)}`, "a[NUL x 9]"],
])("shows %j as %j", (line, shown) => {
  expect(text(shownLine(bytes(line)))).toBe(shown);
});

const piece = fc.constantFrom(
  "a",
  "é",
  " ",
  "\t",
  "\r",
  "\x1b",
  "[",
  "]",
  "2K",
  "1G",
  "31m",
  "0",
  ";",
  "\x07",
  "\\",
  "(B",
  "\0",
  "\0\0\0\0\0",
  "\b",
  "\b\b",
  "\x0f",
  "section_",
);

it("agrees with the viewer on any line", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const line = bytes(pieces.join(""));
      const ingest = createIngest(createStyleTable());
      ingest.push(Uint8Array.of(...line, 0x0a), 1, 0);
      const [block] = ingest.take(true);
      expect([...shownLine(line)]).toEqual(block === undefined ? [] : [...lineBytes(block, 0)]);
    }),
    { numRuns: 2_000 },
  );
});

it("searches what it shows, unless a string that is never ended would hide the rest", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const line = bytes(pieces.join("").replaceAll("]", ""));
      expect(text(searchedLine(line))).toBe(text(shownLine(line)));
    }),
    { numRuns: 2_000 },
  );
  expect(text(searchedLine(bytes("a\x1b]0;ERROR")))).toBe("a0;ERROR");
});

it("shows text as it shows bytes", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (const line of [
    "10%\rgr\u00fcn \b\b!",
    "a",
    "a\r",
    "\x1b[1;32mok\x1b[0m\r",
    "\x1b[31mno\x1b[0m",
    "\x1b[3\x1b[31m1m",
    "a\r\r",
  ]) {
    const { text, isRed } = showLine(bytes(line));
    expect(showText(line)).toEqual({ text: decoder.decode(text), isRed });
  }
});

it.each([
  ["\x1b[31mno connection\x1b[0m", true],
  ["\x1b[1;91mno connection\x1b[0m", true],
  ["\x1b[38;5;196mno connection", true],
  ["\x1b[31muser@host\x1b[0m $ make all the things", false],
  ["PASS (\x1b[31m0 failed\x1b[0m, 12 passed)", false],
  ["\x1b[38;2;31;31;31mgrey\x1b[0m", false],
  ["\x1b[31mred\r\x1b[0mdone", false],
  ["\x1b[48;5;9mon red", false],
])("whether most of %j is red: %s", (line, isRed) => {
  expect(showLine(bytes(line)).isRed).toBe(isRed);
});

it("computes FNV-1a", () => {
  expect(lineHash(bytes("foobar"))).toBe("bf9cf968");
});
