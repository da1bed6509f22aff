import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHARACTER } from "../../test/fakes/characters.ts";
import { cutLength, unfinishedLength } from "./characters.ts";

/** Bytes at which a rule of UTF-8 begins or ends. */
const BORDERS = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0,
  0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];

/** Whether something could follow that makes one character of these bytes. */
function mayBecomeCharacter(bytes: readonly number[]): boolean {
  const endings = [[], [0x80], [0x80, 0x80]];
  const decodes = (all: readonly number[]) => {
    const buffer = Buffer.from(all);
    return isUtf8(buffer) && [...buffer.toString()].length === 1;
  };
  return !decodes(bytes) && [0x80, 0x90, 0xa0].some((next) => endings.some((end) => decodes([...bytes, next, ...end])));
}

describe("unfinishedLength", () => {
  it("finds an incomplete character at the end of any bytes, and nothing else", () => {
    const wrong: number[][] = [];
    for (const first of BORDERS) {
      for (const second of BORDERS) {
        for (const third of BORDERS) {
          const bytes = [first, second, third];
          const expected = [3, 2, 1].find((length) => mayBecomeCharacter(bytes.slice(3 - length))) ?? 0;
          if (unfinishedLength(Uint8Array.from(bytes)) !== expected) wrong.push(bytes);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("recognizes the end of a whole character", () => {
    for (const text of ["", "a", "é", "日", "😀", "a\u0301"]) expect(unfinishedLength(Buffer.from(text))).toBe(0);
  });
});

describe("cutLength", () => {
  it("takes as many whole characters as fit", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), fc.nat(40), (text, max) => {
        let expected = "";
        for (const character of text) {
          if (Buffer.byteLength(expected + character) > max) break;
          expected += character;
        }
        const bytes = Buffer.from(text);
        expect(bytes.subarray(0, cutLength(bytes, max)).toString()).toBe(expected);
      }),
    );
  });
});
