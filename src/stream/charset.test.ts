import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { createDecoder, type DecodedPart } from "./charset.ts";

const utf16 = (text: string) => Buffer.from(text, "utf16le");

/** Gives a decoder all pieces, and the end. */
function decode(pieces: readonly (Uint8Array | string)[], encoding = "utf-8", growing = false) {
  const decoder = createDecoder(encoding);
  const parts: DecodedPart[] = [];
  for (const piece of pieces) parts.push(...decoder.push(typeof piece === "string" ? Buffer.from(piece) : piece));
  parts.push(...decoder.end(growing));
  const text = Buffer.concat(parts.map(({ bytes }) => bytes)).toString();
  return { parts, text, replaced: decoder.replaced };
}

/** Bytes among which lead and continuation bytes, and their borders, are frequent. */
const tricky = fc.array(
  fc.oneof(
    fc.nat(255),
    fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
  ),
  { maxLength: 60 },
);
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });

describe("the UTF-8 decoder", () => {
  it("passes valid pieces on without a copy", () => {
    const pieces = [Buffer.from("plain\n"), Buffer.from("für 😀\n")];
    const { parts } = decode(pieces);
    expect(parts.map(({ bytes, stored }, at) => bytes === pieces[at] && stored === pieces[at])).toEqual([true, true]);
  });

  it("never ends a part inside a character", () => {
    const { parts, text } = decode(cut(Buffer.from("aé😀b"), [2, 1, 2]));
    expect(text).toBe("aé😀b");
    for (const { bytes } of parts) expect(Buffer.from(bytes).toString()).not.toContain("\ufffd");
  });

  it("decodes any bytes, cut anywhere, as a decoder of the whole does", () => {
    fc.assert(
      fc.property(tricky, lengths, (bytes, turns) => {
        const all = Uint8Array.from(bytes);
        const { parts, text, replaced } = decode(cut(all, turns));
        const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(all);
        expect(text).toBe(expected);
        expect(replaced).toBe(!Buffer.from(all).equals(Buffer.from(expected)));
        for (const part of parts) {
          expect(() => new TextDecoder("utf-8", { fatal: true }).decode(part.bytes)).not.toThrow();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("reports the source bytes of each part: together, all of the input", () => {
    fc.assert(
      fc.property(tricky, lengths, (bytes, turns) => {
        const all = Uint8Array.from(bytes);
        const { parts } = decode(cut(all, turns));
        expect(Buffer.concat(parts.map(({ stored }) => stored ?? Buffer.alloc(0))).equals(Buffer.from(all))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("reports how many bytes of a cut character it keeps", () => {
    const decoder = createDecoder("utf-8");
    expect(decoder.carried).toBe(0);
    for (const [byte, carried] of [
      [0xf0, 1],
      [0x9f, 2],
      [0x98, 3],
      [0x80, 0],
    ] as const) {
      decoder.push(Uint8Array.of(byte));
      expect(decoder.carried).toBe(carried);
    }
  });

  it("keeps byte order marks everywhere: the caller removes one at the start", () => {
    expect(decode(["\ufeffa", "\ufeffb"]).text).toBe("\ufeffa\ufeffb");
  });

  it("omits an incomplete character at the end of a growing text", () => {
    const pieces = ["gr", Buffer.from([0xc3])];
    expect(decode(pieces, "utf-8", true)).toMatchObject({ text: "gr", replaced: false });
    expect(decode(pieces, "utf-8", false)).toMatchObject({ text: "gr\ufffd", replaced: true });
  });

  it("returns no part of invalid bytes larger than three times 64 KiB", () => {
    const { parts, text } = decode([Buffer.alloc(200_000, 0xff)]);
    expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(3 * 64 * 1024);
    expect(text).toBe("\ufffd".repeat(200_000));
  });
});

describe("the decoder of another encoding", () => {
  it("decodes any bytes alike, wherever they are cut", () => {
    const encodings = fc.constantFrom("utf-16le", "utf-16be", "gb18030", "shift_jis", "windows-1252", "euc-kr");
    fc.assert(
      fc.property(tricky, lengths, encodings, (bytes, turns, encoding) => {
        const all = Uint8Array.from(bytes);
        expect(decode(cut(all, turns), encoding).text).toBe(decode([all], encoding).text);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps a byte order mark in the middle", () => {
    expect(decode([utf16("a"), utf16("\ufeffb")], "utf-16le").text).toBe("a\ufeffb");
  });

  it("reports that it replaced something", () => {
    const broken = Uint8Array.from([0x00, 0xd8, 0x41, 0x00, 0x00, 0xd8, 0x41]);
    expect(decode([broken], "utf-16le")).toMatchObject({ text: "\ufffdA\ufffd", replaced: true });
    expect(decode([utf16("AB")], "utf-16le")).toMatchObject({ text: "AB", replaced: false });
  });

  it("does not report the source bytes of a part", () => {
    expect(decode([utf16("gr\u00fc")], "utf-16le").parts.map(({ stored }) => stored)).toEqual([undefined]);
  });

  it("omits what is incomplete at the end of a growing text", () => {
    expect(decode([utf16("grau"), Buffer.from([0x41])], "utf-16le", true).text).toBe("grau");
  });

  it("returns no part larger than three times 64 KiB", () => {
    const { parts } = decode([Buffer.alloc(500_000, 0xff)], "gb18030");
    expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(3 * 64 * 1024 + 16);
  });
});
