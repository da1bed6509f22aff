import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ZstdFrames } from "./zstd-frames.ts";

const frame = zstdCompressSync("some text, some text, some text", { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

describe("ZstdFrames", () => {
  it("stops at the end of each frame, including skippable ones", () => {
    const frames = new ZstdFrames();
    const all = Buffer.concat([frame, skippable, frame]);
    const ends: number[] = [];
    for (let at = 0; at < all.length; ends.push(at)) at += frames.follow(all.subarray(at));
    expect(ends).toEqual([frame.length, frame.length + skippable.length, all.length]);
    expect(frames.whole).toBe(true);
  });

  it("recognizes an incomplete frame, byte by byte", () => {
    const frames = new ZstdFrames();
    for (const [at, byte] of frame.entries()) {
      expect(frames.whole).toBe(at === 0);
      expect(frames.follow(Uint8Array.of(byte))).toBe(1);
    }
    expect(frames.whole).toBe(true);
  });

  it("rejects what is not a frame", () => {
    expect(() => new ZstdFrames().follow(Buffer.from("text"))).toThrow("Expected a zstd frame.");
  });

  it.each([
    ["empty", Buffer.alloc(0)],
    ["one repeated byte", Buffer.alloc(500_000, "a")],
    ["several blocks", Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * i * 31) % 251))],
  ])("follows %s", (_, content) => {
    const packed = zstdCompressSync(content);
    const frames = new ZstdFrames();
    expect(frames.follow(Buffer.concat([packed, packed]))).toBe(packed.length);
    expect(frames.whole).toBe(true);
  });
});
