import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { createWindow, isProved, proofOf, WINDOW_BYTES } from "./window.ts";

describe("the window over the end of a text", () => {
  it("proves the last bytes of it, however they came", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5_000 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
        (bytes, lengths) => {
          const window = createWindow();
          for (const piece of cut(bytes, lengths)) window.push(piece);
          expect(window.proof()).toEqual(proofOf(bytes.subarray(-WINDOW_BYTES)));
          expect(isProved(window.proof(), bytes.subarray(-WINDOW_BYTES))).toBe(true);
        },
      ),
    );
  });

  it("is no proof of other bytes, or of more or fewer of them", () => {
    const proof = proofOf(Buffer.from("a line\n"));
    expect(isProved(proof, Buffer.from("b line\n"))).toBe(false);
    expect(isProved(proof, Buffer.from("a line\n\n"))).toBe(false);
    expect(isProved(proof, Buffer.from(" line\n"))).toBe(false);
  });

  it("goes on behind what it is told has passed", () => {
    const window = createWindow(Buffer.from("one\n"));
    window.push(Buffer.from("two\n"));
    expect(window.proof()).toEqual(proofOf(Buffer.from("one\ntwo\n")));
  });
});
