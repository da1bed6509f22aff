import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { fingerprintOf, matchesFingerprint, TAIL_BYTES, TailBuffer } from "./tail-buffer.ts";

/** Up to five times as long as what is kept, and nowhere the same for so long. */
const texts = fc
  .tuple(fc.nat(5_000), fc.nat(255))
  .map(([length, seed]) => Uint8Array.from({ length }, (_, index) => (seed + index * 31 + (index >> 8)) % 256));
const lengths = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 });

describe("the tail buffer of a text", () => {
  it("has the fingerprint of the text's last bytes, however they arrived", () => {
    fc.assert(
      fc.property(texts, lengths, (bytes, turns) => {
        const tail = new TailBuffer();
        for (const piece of cut(bytes, turns)) tail.push(piece);
        const last = bytes.subarray(-TAIL_BYTES);
        expect(tail.fingerprint()).toEqual(fingerprintOf(last));
        expect(matchesFingerprint(tail.fingerprint(), last)).toBe(true);
        expect(Buffer.from(tail.bytes).equals(last)).toBe(true);
      }),
    );
  });

  it("also has the fingerprint of fewer bytes", () => {
    fc.assert(
      fc.property(texts, fc.nat(1_500), lengths, (bytes, max, turns) => {
        const tail = new TailBuffer();
        for (const piece of cut(bytes, turns)) tail.push(piece);
        const kept = Math.min(max, bytes.length, TAIL_BYTES);
        expect(tail.fingerprint(max)).toEqual(fingerprintOf(bytes.subarray(bytes.length - kept)));
      }),
    );
  });

  it("does not match other bytes, or more or fewer of them", () => {
    const fingerprint = fingerprintOf(Buffer.from("a line\n"));
    expect(matchesFingerprint(fingerprint, Buffer.from("b line\n"))).toBe(false);
    expect(matchesFingerprint(fingerprint, Buffer.from("a line\n\n"))).toBe(false);
    expect(matchesFingerprint(fingerprint, Buffer.from(" line\n"))).toBe(false);
  });

  it("continues after the given text", () => {
    const tail = new TailBuffer(Buffer.from("one\n"));
    tail.push(Buffer.from("two\n"));
    expect(tail.fingerprint()).toEqual(fingerprintOf(Buffer.from("one\ntwo\n")));
  });

  it("keeps no piece in memory: it holds copies", () => {
    const piece = Buffer.from("a line\n");
    const tail = new TailBuffer(piece);
    piece.fill(0);
    expect(Buffer.from(tail.bytes).toString()).toBe("a line\n");
  });
});
