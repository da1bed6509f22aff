import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LINE_FEED } from "./characters.ts";
import { scanBySearch, scanLines } from "./count.ts";

const naive = (bytes: Uint8Array): number => bytes.filter((byte) => byte === LINE_FEED).length;

describe.each([
  ["scanLines", scanLines],
  ["scanBySearch", scanBySearch],
])("%s", (_, scan) => {
  const count = (bytes: Uint8Array): number => scan(bytes).feeds;

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

  it.each([0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 200_003])("finds a control among %i other bytes", (length) => {
    const bytes = new Uint8Array(length + 1).fill(0x80);
    for (const other of [0x09, 0x0a, 0x0d, 0x1a, 0x1c, 0xff]) bytes[(other * 997) % (length + 1)] = other;
    expect(scan(bytes).hasControls).toBe(false);
    for (const control of [0x00, 0x08, 0x1b]) {
      for (const at of [0, length >> 1, length]) {
        const marked = Uint8Array.from(bytes);
        marked[at] = control;
        expect(scan(marked).hasControls).toBe(true);
      }
    }
  });

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

it("scanLines uses vectors in tests", () => {
  expect(scanLines).not.toBe(scanBySearch);
});
