import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteSource, cut } from "../../test/fakes/byte-source.ts";
import { FILES } from "../../test/fakes/script-source.ts";
import type { OpenedFile } from "../sources/source.ts";
import { fingerprintOf } from "../stream/tail-buffer.ts";
import { type ExaminedFile, examineFile, type FileTextOptions } from "./examine-file.ts";
import { FileText } from "./file-text.ts";
import { LogDamaged } from "./log-damaged.ts";
import type { BytePlace } from "./place.ts";
import { SourceRequest } from "./source-request.ts";
import { PIECE_BYTES, type TextPiece } from "./text.ts";

const utf16 = (text: string, bigEnd = false) => {
  const bytes = Buffer.from(text, "utf16le");
  return bigEnd ? bytes.swap16() : bytes;
};
const options = (parts: Partial<FileTextOptions> = {}): FileTextOptions => ({
  growing: false,
  settled: true,
  showDocument: false,
  limits: { ratio: 200, ratioFreeBytes: 1024 * 1024 },
  ...parts,
});
const never = new AbortController().signal;

function fileOf(body: OpenedFile["body"], charset?: string): OpenedFile {
  const declared = charset === undefined ? undefined : ({ label: charset, by: "store" } as const);
  return { kind: "file", body, mediaType: "text/plain", charset: declared, delimited: true };
}

const source = { name: "archive", capabilities: FILES };

async function textOf(log: OpenedFile, request = new SourceRequest(never), parts = options()): Promise<FileText> {
  return new FileText(await examineFile(source, log, parts), request, parts);
}

async function readText(text: FileText) {
  const pieces: TextPiece[] = [];
  let error: unknown;
  try {
    for (let piece = await text.next(); piece !== undefined; piece = await text.next()) pieces.push(piece);
  } catch (caught) {
    error = caught;
  }
  const { replaced, decoding, delimited } = text;
  const decodedFrom = decoding?.decoded ? decoding.from.name : undefined;
  const all = Buffer.concat(pieces.map(({ bytes }) => bytes)).toString();
  return { pieces, text: all, error, replaced, decodedFrom, delimited };
}

const readPieces = async (
  pieces: Parameters<typeof byteSource>[0],
  charset?: string,
  parts?: Partial<FileTextOptions>,
) => readText(await textOf(fileOf(byteSource(pieces), charset), new SourceRequest(never), options(parts)));
const read = async (pieces: Parameters<typeof byteSource>[0], charset?: string) => {
  const { text, error } = await readPieces(pieces, charset);
  if (error !== undefined) throw error;
  return text;
};
const bytePlaces = (pieces: readonly TextPiece[]): BytePlace[] =>
  pieces.map(({ after }) => {
    if (after.kind !== "bytes") throw new Error("The place is of another kind.");
    return after;
  });

/** Bytes among which lead and continuation bytes, and their borders, are frequent. */
const tricky = fc.array(
  fc.oneof(
    fc.nat(255),
    fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
  ),
  { maxLength: 60 },
);
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });

describe("the encoding of a file's text", () => {
  it("makes the same of it however any bytes are cut, with and without any charset", async () => {
    const charset = fc.constantFrom(
      undefined,
      "utf-8",
      "utf-16",
      "utf-16le",
      "utf-16be",
      "gb18030",
      "shift_jis",
      "latin1",
      "klingon",
    );
    const zeros = fc.array(fc.constantFrom(0, 0, 0x41, 0xff, 0xfe, 0xd8), { maxLength: 80 });
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
  ])("is that of a byte order mark of %s whatever the charset, and the mark is left out", async (_, bytes) => {
    for (const charset of [undefined, "iso-8859-1", "utf-16be", "utf-8"]) {
      expect(await read(cut(bytes, [1]), charset)).toBe("öl\n");
    }
  });

  it("leaves a byte order mark that stands further on", async () => {
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
  ])("is %j where the store says so", async (charset, bytes, text) => {
    expect(await read([Uint8Array.from(bytes)], charset)).toBe(text);
  });

  it("is UTF-16 where zeros tell it, without a mark", async () => {
    const { text, decodedFrom } = await readPieces([utf16("Error: no\n".repeat(20))]);
    expect({ text, decodedFrom }).toEqual({ text: "Error: no\n".repeat(20), decodedFrom: "utf-16le" });
    expect(await read([utf16("no", true)])).toBe("no");
  });

  it.each([false, true])(
    "is UTF-16 where a beginning that is mostly ASCII tells it, without a mark (big end first: %j)",
    async (bigEnd) => {
      for (const text of ["ok: слово\n", "2026-01-01 世界　Ā begins\n"]) {
        const log = text.padEnd(40, "x");
        expect(await read([utf16(log, bigEnd)])).toBe(log);
      }
    },
  );

  it("is UTF-8 of a log with a few zero bytes", async () => {
    for (const text of ["a\0", "a\0bc\0d", "\0\0\0\0", "a\0b\0and so on"]) {
      expect(await readPieces([text])).toMatchObject({ text, decodedFrom: undefined });
    }
  });

  it("is not looked for inside a text: the first bytes there are no mark", async () => {
    const body = byteSource(["\ufeffa\u0000b\u0000"]);
    const before = Buffer.from("before\n");
    const place = { kind: "bytes", offset: 7, stored: 7, fingerprint: fingerprintOf(before) } as const;
    const file: ExaminedFile = {
      source,
      log: fileOf(body),
      body: body[Symbol.asyncIterator]() as ExaminedFile["body"],
      compressed: false,
      encoding: { name: "utf-8", by: undefined, markBytes: 0 },
      document: undefined,
    };
    const inside = FileText.inside(file, place, before, new SourceRequest(never), options());
    expect((await readText(inside)).text).toBe("\ufeffa\u0000b\u0000");
  });
});

describe("the pieces of a file's text", () => {
  it("come as soon as they are there", async () => {
    const missing = new Promise<string>(() => {});
    const text = await textOf(fileOf(byteSource(["a\n", missing])), new SourceRequest(never));
    expect(Buffer.from((await text.next())?.bytes ?? []).toString()).toBe("a\n");
    text.close();
  });

  it("come before the failure that the source ends with, and the request behind them ends", async () => {
    const failure = new Error("broken");
    const request = new SourceRequest(never);
    const text = await textOf(fileOf(byteSource(["ab", failure])), request);
    expect(await readText(text)).toMatchObject({ text: "ab", error: failure });
    expect(request.signal.aborted).toBe(true);
  });

  it("are read no further once the text is closed: the source is closed too, and a read under way ends", async () => {
    const source = byteSource(["ab", "cd"]);
    const text = await textOf(fileOf(source), new SourceRequest(never));
    await text.next();
    text.close();
    expect(await text.next()).toBeUndefined();
    expect(source.closed).toBe(true);
  });

  it("are none where a read under way is cut off by closing", async () => {
    const request = new SourceRequest(never);
    const body = (async function* () {
      yield Buffer.from("ab");
      await new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
    })();
    const text = await textOf(fileOf(body), request);
    await text.next();
    const next = text.next();
    text.close();
    expect(await next).toBeUndefined();
  });

  it("do not gather a line of 50 MB, and are at most 255 KiB long", async () => {
    const part = Buffer.alloc(1024 * 1024, "x");
    const source = byteSource(Array.from({ length: 50 }, () => part));
    const text = await textOf(fileOf(source), new SourceRequest(never));
    let got = 0;
    for (let piece = await text.next(); piece !== undefined; piece = await text.next()) {
      got += piece.bytes.length;
      expect(piece.bytes.length).toBeLessThanOrEqual(PIECE_BYTES);
      expect(source.asked * part.length - got).toBeLessThanOrEqual(part.length);
    }
    expect(got).toBe(50 * part.length);
  });

  it("begin with at most 16 KiB, and double", async () => {
    const { pieces } = await readPieces([Buffer.alloc(1024 * 1024, "x")]);
    expect(pieces.slice(0, 5).map(({ bytes }) => bytes.length / 1024)).toEqual([16, 32, 64, 128, 255]);
  });

  it("tell how much of the stored file lies before their end where it is UTF-8, the mark included", async () => {
    const whole = ["\ufeffgr\u00fc", Buffer.from([0xc3]), Buffer.from([0x9f, 0xff]), "e\n"];
    const { pieces, text, replaced } = await readPieces(whole);
    expect({ text, replaced }).toEqual({ text: "gr\u00fc\u00df\ufffde\n", replaced: true });
    expect(bytePlaces(pieces).map(({ stored }) => stored)).toEqual([7, 10, 12]);
    expect(bytePlaces(pieces).map(({ offset }) => offset)).toEqual([4, 9, 11]);
  });

  it("tell nothing of the stored file where it is compressed, or in another encoding", async () => {
    for (const { pieces } of [
      await readPieces([utf16("gr\u00fc")], "utf-16le"),
      await readPieces([gzipSync("text\n")]),
    ]) {
      expect(bytePlaces(pieces).map(({ stored }) => stored)).toEqual([undefined]);
    }
  });

  it("tell of the stored bytes before their end from the first replaced one on", async () => {
    const stored = Buffer.concat([Buffer.from("ab\n"), Buffer.from([0xff]), Buffer.from("c\n")]);
    const { pieces } = await readPieces(cut(stored, [3]));
    const [first, second] = bytePlaces(pieces);
    expect(first?.storedFingerprint).toBeUndefined();
    expect(second).toMatchObject({
      fingerprint: fingerprintOf(Buffer.from("ab\n\ufffdc\n")),
      storedFingerprint: fingerprintOf(stored),
    });
  });

  it("leave out a character that is not whole at the end of what still grows, and do not count it", async () => {
    const { pieces, text } = await readPieces(["gr", Buffer.from([0xc3])], undefined, { growing: true });
    expect(text).toBe("gr");
    expect(bytePlaces(pieces).at(-1)).toMatchObject({ offset: 2, stored: 2 });
  });

  it("end where a compressed file has been written up to, unless it gets no more, and prove nothing", async () => {
    const cutShort = gzipSync("line\n".repeat(1000)).subarray(0, -12);
    const unsettled = await readPieces([cutShort], undefined, { settled: false });
    expect(unsettled).toMatchObject({ error: undefined, delimited: false });
    expect((await readPieces([cutShort])).error).toBeInstanceOf(LogDamaged);
  });

  it("are whole where only the trailer of a compressed file is missing, which proves nothing", async () => {
    const whole = "line\n".repeat(1000);
    for (const missing of [1, 4, 8]) {
      const read = await readPieces([gzipSync(whole).subarray(0, -missing)]);
      expect(read).toMatchObject({ text: whole, error: undefined, delimited: false });
    }
    expect(await readPieces([gzipSync(whole)])).toMatchObject({ text: whole, delimited: true });
  });

  it("end with the store's failure where a truncated file may be all that came of it", async () => {
    const log = { ...fileOf(byteSource([gzipSync("line\n".repeat(1000)).subarray(0, -12)])), delimited: false };
    expect((await readText(await textOf(log))).error).toMatchObject({ outcome: "unavailable" });
  });

  it("tell of the stored bytes where lines are decoded, and of the encoding to read on with", async () => {
    const lines = [Buffer.from("plain\n"), Buffer.from("gr\u00fcn\n"), Buffer.from("gr\u00fcn\n", "latin1")];
    const stored = Buffer.concat(lines);
    const { pieces, text } = await readPieces(lines, "iso-8859-1");
    expect(text).toBe("plain\ngr\u00fcn\ngr\u00fcn\n");
    const places = bytePlaces(pieces);
    expect(places.map(({ stored: at }) => at)).toEqual([6, 12, 17]);
    expect(places.map(({ offset }) => offset)).toEqual([6, 12, 18]);
    expect(places.every(({ encoding }) => encoding === "windows-1252")).toBe(true);
    expect(places.at(-1)?.storedFingerprint).toEqual(fingerprintOf(stored));
  });
});
