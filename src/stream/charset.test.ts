import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteSource, cut, readAll } from "../../test/fakes/byte-source.ts";
import { toUtf8 } from "./charset.ts";

const utf16 = (text: string, bigEnd = false) => {
  const bytes = Buffer.from(text, "utf16le");
  return bigEnd ? bytes.swap16() : bytes;
};
const read = async (pieces: (Uint8Array | string)[], charset?: string) => {
  const { text, error } = await readAll(toUtf8(byteSource(pieces), { charset }));
  if (error !== undefined) throw error;
  return text;
};

/** Bytes among which lead and continuation bytes, and their borders, are frequent. */
const tricky = fc.array(
  fc.oneof(
    fc.nat(255),
    fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
  ),
  { maxLength: 60 },
);
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });

describe("toUtf8", () => {
  it("passes valid pieces on as the same bytes", async () => {
    const pieces = [Buffer.from("plain\n"), Buffer.from("für 😀\n")];
    const passed = await readAll(toUtf8(byteSource(pieces)));
    expect(passed.pieces.map((piece, at) => piece === pieces[at])).toEqual([true, true]);
  });

  it("never ends a piece inside a character", async () => {
    const { pieces, text } = await readAll(toUtf8(byteSource(cut(Buffer.from("aé😀b"), [2, 1, 2]))));
    expect(text).toBe("aé😀b");
    for (const piece of pieces) expect(Buffer.from(piece).toString()).not.toContain("\ufffd");
  });

  it("says the same as one decoder over the whole, however any bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(tricky, lengths, async (bytes, turns) => {
        const all = Uint8Array.from(bytes);
        fc.pre(!(all[0] === 0xff && all[1] === 0xfe) && !(all[0] === 0xfe && all[1] === 0xff));
        const expected = new TextDecoder().decode(all);
        let told = 0;
        const { pieces, text } = await readAll(
          toUtf8(byteSource(cut(all, turns)), { charset: "utf-8", onReplaced: () => (told += 1) }),
        );
        expect(text).toBe(expected);
        const valid = Buffer.from(all).equals(Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(all)));
        expect(told).toBe(valid ? 0 : 1);
        for (const piece of pieces) expect(() => new TextDecoder("utf-8", { fatal: true }).decode(piece)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it("says the same however any bytes are cut, with and without any charset", async () => {
    const charset = fc.constantFrom(
      undefined,
      "utf-16",
      "utf-16le",
      "utf-16be",
      "iso-8859-1",
      "gb18030",
      "gbk",
      "shift_jis",
      "iso-2022-jp",
    );
    const zeros = fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(tricky, zeros), lengths, charset, async (bytes, turns, label) => {
        const all = Uint8Array.from(bytes);
        expect(await read(cut(all, turns), label)).toBe(await read([all], label));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["UTF-8", Buffer.from("\ufefföl\n")],
    ["UTF-16LE", utf16("\ufefföl\n")],
    ["UTF-16BE", utf16("\ufefföl\n", true)],
  ])("lets a byte order mark of %s win over any charset, and leaves it out", async (_, bytes) => {
    for (const charset of [undefined, "iso-8859-1", "utf-16be", "utf-8"]) {
      expect(await read(cut(bytes, [1]), charset)).toBe("öl\n");
    }
  });

  it("keeps a byte order mark that stands further on", async () => {
    expect(await read(["a", "\ufeffb"])).toBe("a\ufeffb");
    expect(await read([utf16("a"), utf16("\ufeffb")], "utf-16le")).toBe("a\ufeffb");
  });

  it.each([
    ["ISO-8859-1", [0xe9, 0x0a], "é\n"],
    [" latin1 ", [0x93, 0x80], "“€"],
    ["latin1", [0xff, 0x41], "ÿA"],
    ["gb18030", [0x81, 0x30, 0x00], "\ufffd0\0"],
    ["koi8-r", [0xc1], "а"],
    ["utf-16be", [0x00, 0x41], "A"],
    ["utf-16le", [0x41, 0x00], "A"],
    ["utf-16", [0x41, 0x00], "A"],
    ["utf-16", [0x00, 0x41], "A"],
    ["utf-16", [0x65, 0xe5], "日"],
    ["klingon", [0xc3, 0xa9], "é"],
  ])("reads %j", async (charset, bytes, text) => {
    expect(await read([Uint8Array.from(bytes)], charset)).toBe(text);
  });

  it("knows UTF-16 without a mark by its zeros", async () => {
    expect(await read([utf16("Error: no\n".repeat(20))])).toBe("Error: no\n".repeat(20));
    expect(await read([utf16("no", true)])).toBe("no");
  });

  it.each([false, true])(
    "knows UTF-16 without a mark by a beginning that is mostly ASCII (big end first: %j)",
    async (bigEnd) => {
      for (const text of ["ok: слово\n", "2026-01-01 世界　Ā begins\n"]) {
        const log = text.padEnd(40, "x");
        expect(await read([utf16(log, bigEnd)])).toBe(log);
      }
    },
  );

  it("takes a log with a few zero bytes for what it is", async () => {
    expect(await read(["a\0"])).toBe("a\0");
    expect(await read(["a\0bc\0d"])).toBe("a\0bc\0d");
    expect(await read(["\0\0\0\0"])).toBe("\0\0\0\0");
    expect(await read(["a\0b\0and so on"])).toBe("a\0b\0and so on");
  });

  it("gives the first line out before a second comes", async () => {
    const never = new Promise<string>(() => {});
    const text = toUtf8(byteSource(["a\n", never]));
    expect(Buffer.from((await text.next()).value as Uint8Array).toString()).toBe("a\n");
  });

  it("tells once of what it had to replace in other encodings too", async () => {
    let told = 0;
    const source = byteSource([Uint8Array.from([0x00, 0xd8, 0x41, 0x00, 0x00, 0xd8, 0x41])]);
    const { text } = await readAll(toUtf8(source, { charset: "utf-16le", onReplaced: () => (told += 1) }));
    expect(text).toBe("\ufffdA\ufffd");
    expect(told).toBe(1);
  });

  it("passes the source's failure on after what came before it, and closes the source when left", async () => {
    const failure = new Error("broken");
    expect(await readAll(toUtf8(byteSource(["ab", failure])))).toMatchObject({ text: "ab", error: failure });
    const source = byteSource(["ab", "cd"]);
    for await (const _ of toUtf8(source)) break;
    expect(source.closed).toBe(true);
  });

  it("does not gather a line of 50 MB", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const source = byteSource(Array.from({ length: 800 }, () => piece));
    let got = 0;
    for await (const each of toUtf8(source)) {
      got += each.length;
      expect(source.asked * piece.length - got).toBeLessThanOrEqual(0);
    }
    expect(got).toBe(800 * piece.length);
  });

  it("tells before each piece of UTF-8 how much of the source it was made of, and nothing of other encodings", async () => {
    const consumed: number[] = [];
    const onConsumed = (bytes: number): void => void consumed.push(bytes);
    const pieces = ["\ufeffgr\u00fc", Buffer.from([0xc3]), Buffer.from([0x9f, 0xff]), "e\n"];
    const { text } = await readAll(toUtf8(byteSource(pieces), { onConsumed }));
    expect(text).toBe("gr\u00fc\u00df\ufffde\n");
    expect(consumed).toEqual([7, 10, 12]);
    consumed.length = 0;
    await readAll(toUtf8(byteSource(["gr\u00fc"]), { charset: "windows-1252", onConsumed }));
    expect(consumed).toEqual([]);
  });

  it("leaves a character out that is not whole at the end of what still grows, and does not count it", async () => {
    let consumed = 0;
    const options = {
      growing: true,
      onConsumed: (bytes: number): void => {
        consumed = bytes;
      },
    };
    const { text } = await readAll(toUtf8(byteSource(["gr", Buffer.from([0xc3])]), options));
    expect({ text, consumed }).toEqual({ text: "gr", consumed: 2 });
  });

  it("takes the first bytes for what they are inside a text: no mark, and no other encoding", async () => {
    const { text } = await readAll(toUtf8(byteSource(["\ufeffa\u0000b\u0000"]), { inside: true }));
    expect(text).toBe("\ufeffa\u0000b\u0000");
  });

  it("makes no piece of bytes that are no text larger than three times 64 KiB", async () => {
    const { pieces, text } = await readAll(toUtf8(byteSource([Buffer.alloc(200_000, 0xff)]), { charset: "utf-8" }));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(3 * 64 * 1024);
    expect(text).toBe("\ufffd".repeat(200_000));
  });
});
