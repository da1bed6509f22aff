import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteSource, cut, readAll } from "../../test/fakes/byte-source.ts";
import { createCount } from "./count.ts";

describe("createCount", () => {
  it("counts a last line without a line feed", async () => {
    const count = createCount();
    await readAll(count.through(byteSource(["a\nb", "c\nd"])));
    expect(count).toMatchObject({ bytes: 6, lines: 3 });
  });

  it("counts no line in nothing, and one in a lone line feed", async () => {
    const nothing = createCount();
    await readAll(nothing.through(byteSource(["", ""])));
    expect(nothing).toMatchObject({ bytes: 0, lines: 0 });
    const feed = createCount();
    await readAll(feed.through(byteSource(["\n", ""])));
    expect(feed).toMatchObject({ bytes: 1, lines: 1 });
  });

  it("counts the same however the bytes are cut, and passes the same pieces on", async () => {
    const letters = fc.array(fc.constantFrom(10, 13, 97), { maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(letters, fc.array(fc.nat(7), { minLength: 1 }), async (bytes, lengths) => {
        const pieces = cut(Uint8Array.from(bytes), lengths);
        const count = createCount();
        const passed = await readAll(count.through(byteSource(pieces)));
        const text = Buffer.from(bytes).toString();
        const lines = text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
        expect(passed.pieces.every((piece, at) => piece === pieces[at])).toBe(true);
        expect(count).toMatchObject({ bytes: bytes.length, lines });
      }),
    );
  });

  it("counts a view into a larger buffer by its own bytes", async () => {
    const count = createCount();
    await readAll(count.through(byteSource([Buffer.from("\n\nab\nc\n\n").subarray(2, 6)])));
    expect(count).toMatchObject({ bytes: 4, lines: 2 });
  });

  it("closes the source when its reader leaves", async () => {
    const source = byteSource(["a", "b"]);
    for await (const _ of createCount().through(source)) break;
    expect(source.closed).toBe(true);
  });
});
