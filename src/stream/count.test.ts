import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LINE_FEED } from "./characters.ts";
import { countBySearch, countLineFeeds } from "./count.ts";

const naive = (bytes: Uint8Array): number => bytes.filter((byte) => byte === LINE_FEED).length;

describe.each([
  ["countLineFeeds", countLineFeeds],
  ["countBySearch", countBySearch],
])("%s", (_, count) => {
  it("counts as a loop over all bytes does, wherever the bytes are in their buffer", () => {
    // Neighbours of the line feed, and bytes whose sums would carry over into the next one.
    const byte = fc.constantFrom(0x00, 0x01, 0x09, 0x0a, 0x0a, 0x0b, 0x7f, 0x80, 0x8a, 0xff);
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), fc.nat(20), fc.nat(20), (bytes, before, after) => {
        const all = Uint8Array.from([
          ...Array<number>(before).fill(LINE_FEED),
          ...bytes,
          ...Array<number>(after).fill(LINE_FEED),
        ]);
        expect(count(all.subarray(before, before + bytes.length))).toBe(naive(Uint8Array.from(bytes)));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([0, 1, 15, 16, 17, 4080, 4096, 8160, 65_535, 65_536, 65_537, 65_552, 200_003])(
    "counts %i bytes of line feeds only",
    (length) => {
      expect(count(new Uint8Array(length).fill(LINE_FEED))).toBe(length);
      expect(count(new Uint8Array(length).fill(0x8a))).toBe(0);
    },
  );

  it("counts long texts of random bytes", () => {
    const bytes = new Uint8Array(300_000);
    let seed = 1;
    for (let at = 0; at < bytes.length; at += 1) {
      seed = Math.imul(seed, 1_664_525) + 1_013_904_223;
      bytes[at] = (seed >>> 24) % 16;
    }
    for (const length of [65_535, 131_072, 300_000]) {
      const part = bytes.subarray(300_000 - length);
      expect(count(part)).toBe(naive(part));
    }
  });
});

it("countLineFeeds uses vectors in tests", () => {
  expect(countLineFeeds).not.toBe(countBySearch);
});
