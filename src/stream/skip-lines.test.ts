import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { createLineSkip } from "./skip-lines.ts";

describe("createLineSkip", () => {
  it("leaves out so many lines, however the bytes are cut", () => {
    const letters = fc.array(fc.constantFrom(10, 97, 0xc3), { maxLength: 80 });
    fc.assert(
      fc.property(
        letters,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        fc.nat(9),
        (bytes, lengths, lines) => {
          const all = Buffer.from(bytes);
          const skip = createLineSkip(lines);
          const rest = Buffer.concat(cut(all, lengths).map((piece) => skip.rest(piece)));
          const text = all.toString("latin1");
          const wanted = text
            .split(/(?<=\n)/)
            .slice(lines)
            .join("");
          expect(rest.toString("latin1")).toBe(wanted);
          expect(skip.skipped).toBe(all.length - wanted.length);
          expect(skip.left).toBe(Math.max(0, lines - text.split("\n").length + 1));
        },
      ),
    );
  });

  it("passes the same bytes on when there is nothing left to leave out", () => {
    const bytes = Buffer.from("a\n");
    expect(createLineSkip(0).rest(bytes)).toBe(bytes);
  });
});
