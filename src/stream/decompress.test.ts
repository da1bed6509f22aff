import { constants, createGzip, createZstdCompress, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteSource, cut, readAll } from "../../test/fakes/byte-source.ts";
import { decompress } from "./decompress.ts";
import { type Damage, DecompressionFailed, DecompressionLimit } from "./decompression-error.ts";

const MIB = 1024 * 1024;
const kinds = [
  { kind: "gzip", compress: gzipSync, create: createGzip },
  { kind: "zstd", compress: zstdCompressSync, create: createZstdCompress },
] as const;

const noise = (bytes: number) =>
  Buffer.from(fc.sample(fc.uint8Array({ minLength: bytes, maxLength: bytes }), { numRuns: 1, seed: 7 })[0] ?? []);

describe.each(kinds)("decompress of $kind", ({ compress, create }) => {
  it("decodes any bytes, in several members, wherever they are cut", async () => {
    const members = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 });
    const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(members, lengths, async (parts, turns) => {
        const packed = Buffer.concat(parts.map((part) => compress(part)));
        const { pieces, error } = await readAll(decompress(byteSource(cut(packed, turns))));
        expect(error).toBeUndefined();
        expect(Buffer.concat(pieces).equals(Buffer.concat(parts))).toBe(true);
      }),
      { numRuns: 100 },
    );
  }, 20_000);

  it("decodes data larger than any buffer", async () => {
    const log = Buffer.concat([Buffer.alloc(3 * MIB, "abc\n"), noise(300_000)]);
    const { pieces, error } = await readAll(decompress(byteSource(cut(compress(log), [100_000]))));
    expect(error).toBeUndefined();
    expect(Buffer.concat(pieces).equals(log)).toBe(true);
  });

  it("yields what it can decode of a log that is truncated anywhere, then throws", async () => {
    const log = noise(5_000);
    const packed = compress(log);
    for (let length = 4; length < packed.length; length += 97) {
      const { pieces, error } = await readAll(decompress(byteSource([packed.subarray(0, length)])));
      expect(error).toBeInstanceOf(DecompressionFailed);
      expect(log.subarray(0, Buffer.concat(pieces).length).equals(Buffer.concat(pieces))).toBe(true);
    }
    const twice = Buffer.concat([compress("first\n"), packed.subarray(0, -1)]);
    const { pieces, error } = await readAll(decompress(byteSource([twice])));
    expect(Buffer.concat(pieces).subarray(0, 6).toString()).toBe("first\n");
    expect(error).toBeInstanceOf(DecompressionFailed);
  });

  it("throws at invalid data, after the log before it", async () => {
    const { text, error } = await readAll(decompress(byteSource([compress("fine\n"), "something else"])));
    expect(text).toBe("fine\n");
    expect(error).toBeInstanceOf(DecompressionFailed);
  });

  it("passes on the source's error, after the data before it", async () => {
    const failure = new Error("broken");
    const first = compress("fine\n");
    const { text, error } = await readAll(decompress(byteSource([first, failure])));
    expect(text).toBe("fine\n");
    expect(error).toBe(failure);
  });

  it("decompresses one layer only", async () => {
    const inner = gzipSync("log");
    const { pieces } = await readAll(decompress(byteSource([compress(inner)])));
    expect(Buffer.concat(pieces).equals(inner)).toBe(true);
  });

  it("closes the source when its reader leaves, and does not read ahead", async () => {
    const source = byteSource(cut(compress(noise(MIB)), [1000]));
    for await (const _ of decompress(source)) break;
    expect(source.closed).toBe(true);
    expect(source.asked).toBeLessThan(300);
  });

  it("stops a bomb soon after the free size, with little of it in memory", async () => {
    // 512 MiB of zeros, made and given as one piece.
    const packer = create();
    const packed: Buffer[] = [];
    packer.on("data", (part: Buffer) => packed.push(part));
    const zeros = Buffer.alloc(8 * MIB);
    for (let i = 0; i < 64; i += 1) await new Promise((resolve) => packer.write(zeros, resolve));
    await new Promise<void>((resolve) => packer.end(() => resolve()).on("end", () => resolve()));
    let made = 0;
    let largest = 0;
    let error: unknown;
    try {
      for await (const piece of decompress(byteSource([Buffer.concat(packed)]))) {
        made += piece.length;
        largest = Math.max(largest, piece.length);
      }
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DecompressionLimit);
    expect(error).toMatchObject({ ratio: 200, message: "The compressed log expands to more than 200 times its size." });
    expect(made).toBeLessThanOrEqual(64 * MIB);
    expect(made).toBeGreaterThan(63 * MIB);
    expect(largest).toBeLessThanOrEqual(256 * 1024);
  }, 60_000);

  it("respects the given limits", async () => {
    const packed = compress(Buffer.alloc(100_000, "a"));
    const limited = await readAll(decompress(byteSource([packed]), { ratio: 2, ratioFreeBytes: 1000 }));
    expect(limited.error).toBeInstanceOf(DecompressionLimit);
    const free = await readAll(decompress(byteSource([packed]), { ratio: 2, ratioFreeBytes: 100_000 }));
    expect(free.error).toBeUndefined();
  });
});

describe("what is wrong with compressed data", () => {
  const log = noise(40_000);
  const gzip = gzipSync(log);
  const zstd = zstdCompressSync(log, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const flipped = (bytes: Uint8Array, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  };
  const small = gzipSync("fine\n");

  it.each<readonly [string, Uint8Array, Damage, wholeText: Uint8Array | undefined]>([
    ["a wrong byte in the middle of gzip", flipped(gzipSync("line\n".repeat(9_000)), 60), "damaged", undefined],
    ["a wrong CRC-32", flipped(gzip, gzip.length - 6), "damaged", log],
    ["a wrong length", flipped(gzip, gzip.length - 2), "damaged", log],
    ["truncated gzip", gzip.subarray(0, 30_000), "cut-short", undefined],
    ["gzip truncated one byte before its trailer", gzip.subarray(0, -9), "cut-short", undefined],
    ["gzip without its trailer", gzip.subarray(0, -8), "trailer-missing", log],
    ["gzip with half of its trailer", gzip.subarray(0, -4), "trailer-missing", log],
    ["gzip with all but one byte of its trailer", gzip.subarray(0, -1), "trailer-missing", log],
    ["half of a trailer that is wrong", flipped(gzip, gzip.length - 6).subarray(0, -4), "damaged", log],
    ["a truncated header", gzip.subarray(0, 6), "cut-short", Buffer.alloc(0)],
    ["an unknown method", flipped(gzip, 2), "damaged", Buffer.alloc(0)],
    ["a second member that is damaged", Buffer.concat([small, flipped(small, 14)]), "damaged", undefined],
    [
      "a second member that is truncated",
      Buffer.concat([small, gzip.subarray(0, 9)]),
      "cut-short",
      Buffer.from("fine\n"),
    ],
    ["text behind a member", Buffer.concat([small, Buffer.from("garbage")]), "damaged", Buffer.from("fine\n")],
    ["one byte behind a member", Buffer.concat([small, Buffer.from("!")]), "damaged", Buffer.from("fine\n")],
    ["a damaged header of a second zstd frame", Buffer.concat([zstd, flipped(zstd, 1)]), "damaged", log],
    ["a wrong checksum of zstd", flipped(zstd, zstd.length - 1), "damaged", undefined],
    ["zstd without its checksum", zstd.subarray(0, -4), "trailer-missing", log],
    ["truncated zstd", zstd.subarray(0, 30_000), "cut-short", undefined],
  ])("is told, after all that could be decoded: %s", async (_, bytes, damage, whole) => {
    for (const pieces of [[bytes], cut(bytes, [1_000]), cut(bytes, [7])]) {
      const { pieces: decoded, error } = await readAll(decompress(byteSource(pieces)));
      expect(error).toBeInstanceOf(DecompressionFailed);
      expect(error).toMatchObject({ damage });
      if (whole !== undefined) expect(Buffer.concat(decoded).equals(whole)).toBe(true);
    }
  });

  it("decodes members with every optional field in their headers", async () => {
    const packed = gzipSync("log\n");
    const header = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3]),
      Buffer.from([3, 0, 1, 2, 3]),
      Buffer.from("run.log\0a comment\0"),
      Buffer.from([0, 0]),
    ]);
    const bytes = Buffer.concat([header, packed.subarray(10), packed]);
    for (const pieces of [[bytes], cut(bytes, [1])]) {
      expect(await readAll(decompress(byteSource(pieces)))).toMatchObject({ text: "log\nlog\n", error: undefined });
    }
  });
});

describe("decompress of anything else", () => {
  it("passes it on in the same pieces", async () => {
    for (const pieces of [["plain"], ["\x1f"], ["(", "see"], [deflateSync("x")], [""]]) {
      const given = pieces.map((piece) => Buffer.from(piece as string));
      const passed = await readAll(decompress(byteSource(given)));
      expect(Buffer.concat(passed.pieces).equals(Buffer.concat(given))).toBe(true);
      expect(passed.pieces.every((piece) => given.includes(piece as Buffer<ArrayBuffer>))).toBe(true);
    }
  });

  it("does not wait for four bytes if the first one suffices", async () => {
    const never = new Promise<string>(() => {});
    const passed = decompress(byteSource(["a", never]));
    expect((await passed.next()).done).toBe(false);
  });

  it("accepts zeros after a gzip member, as tape and block stores leave them", async () => {
    const padded = Buffer.concat([gzipSync("log\n"), Buffer.alloc(40_000)]);
    expect(await readAll(decompress(byteSource([padded])))).toMatchObject({ text: "log\n", error: undefined });
  });
});
