import fc from "fast-check";
import { expect, it } from "vitest";
import { createIngest } from "../ui/viewer/store/ingest.ts";
import { lineBytes } from "../ui/viewer/store/line-text.ts";
import { createStyleTable } from "../ui/viewer/store/style.ts";
import { lineHash, shownLine } from "./line-hash.ts";

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
])("shows %j as %j", (line, shown) => {
  expect(text(shownLine(bytes(line)))).toBe(shown);
});

it("agrees with the viewer on any line", () => {
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
    "section_",
  );
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

it("computes FNV-1a", () => {
  expect(lineHash(bytes("foobar"))).toBe("bf9cf968");
});
