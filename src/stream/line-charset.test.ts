import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { createDecoder, type DecodedPart } from "./charset.ts";
import { LINE_BYTES } from "./line-charset.ts";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

function decode(pieces: readonly Uint8Array[], { encoding = "windows-1252", growing = false } = {}) {
  const decoder = createDecoder(encoding);
  const parts: DecodedPart[] = [];
  for (const piece of pieces) parts.push(...decoder.push(piece));
  parts.push(...decoder.end(growing));
  const text = Buffer.concat(parts.map(({ bytes }) => bytes)).toString();
  const { decoded, keptUtf8, replaced } = decoder;
  return { parts, text, decoded, keptUtf8, replaced };
}

/** For each part behind whose end reading may begin: the text from there on, and what is decoded from there on. */
function resumed(all: Uint8Array, parts: readonly DecodedPart[], encoding: string): [string, string][] {
  let at = 0;
  return parts.flatMap(({ stored, inside }, index) => {
    at += stored?.length ?? 0;
    const rest = Buffer.concat(parts.slice(index + 1).map(({ bytes }) => bytes)).toString();
    return inside === true ? [] : [[rest, decode([all.subarray(at)], { encoding }).text]];
  });
}

/** Lines of ASCII, of valid UTF-8, of another encoding, and of both in one. */
const line = fc.oneof(
  fc.constantFrom("plain", "", "\r").map((text) => Buffer.from(text)),
  fc.constantFrom("größer", "✓ 世界 😀", "é").map((text) => Buffer.from(text)),
  fc.constantFrom("größer", "é\xa0", "\xff").map(latin1),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
);
const lines = fc
  .array(line, { maxLength: 8 })
  .map((each) => Buffer.concat(each.flatMap((one) => [one, Buffer.from("\n")]).slice(0, -1)));
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
// Not shift_jis: ICU's decoder swaps three of its control characters, U+001A, U+001C and U+007F.
const encodings = fc.constantFrom("windows-1252", "gb18030", "big5", "euc-kr", "koi8-r");

describe("the decoder by lines", () => {
  it("keeps lines that are valid UTF-8, and decodes the others", () => {
    const log = Buffer.concat([Buffer.from("✓ Größe geprüft\n"), latin1("Größe\n"), Buffer.from("plain\n3 — ok\n")]);
    expect(decode([log])).toMatchObject({
      text: "✓ Größe geprüft\nGröße\nplain\n3 — ok\n",
      decoded: true,
      keptUtf8: true,
      replaced: false,
    });
  });

  it("reports neither for ASCII", () => {
    expect(decode([Buffer.from("a\nb")])).toMatchObject({ text: "a\nb", decoded: false, keptUtf8: false });
  });

  it("decodes a line that is not UTF-8 throughout as a whole", () => {
    const log = Buffer.concat([Buffer.from("é"), Buffer.from([0xe9]), Buffer.from("\n")]);
    expect(decode(cut(log, [1])).text).toBe("Ã©é\n");
  });

  it("makes the same of any lines, wherever they are cut and wherever reading begins", () => {
    fc.assert(
      fc.property(lines, lengths, encodings, (all, turns, encoding) => {
        const whole = decode([all], { encoding });
        const { text, parts } = decode(cut(all, turns), { encoding });
        expect(text).toBe(whole.text);
        expect(Buffer.concat(parts.map(({ stored }) => stored ?? Buffer.alloc(0))).equals(all)).toBe(true);
        for (const [expected, found] of resumed(all, parts, encoding)) expect(found).toBe(expected);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    ["UTF-8 throughout", Buffer.from("é".repeat(LINE_BYTES))],
    ["UTF-8 whose end is invalid", Buffer.concat([Buffer.from("x€".repeat(LINE_BYTES)), latin1("é")])],
    ["another encoding", latin1("é".repeat(3 * LINE_BYTES))],
    ["ASCII, and then another encoding", Buffer.concat([Buffer.alloc(2 * LINE_BYTES, "a"), latin1("é!")])],
    ["another encoding whose end is UTF-8", Buffer.concat([latin1("é".repeat(LINE_BYTES)), Buffer.from("€€")])],
    ["exactly as long as what decides", Buffer.concat([Buffer.from("x"), Buffer.from("é".repeat(LINE_BYTES / 2))])],
    ["one byte shorter", Buffer.concat([Buffer.from("é".repeat(LINE_BYTES / 2 - 1)), Buffer.from([0xc3])])],
  ])("makes the same of a very long line of %s", (_, long) => {
    const all = Buffer.concat([Buffer.from("größer\n"), long, Buffer.from("\né\n"), latin1("é\n")]);
    const whole = decode([all]);
    expect(whole.text.endsWith("\né\né\n")).toBe(true);
    for (const turns of [[1000], [LINE_BYTES], [LINE_BYTES - 1, 3], [100_000]]) {
      const { text, parts } = decode(cut(all, turns));
      expect(text === whole.text).toBe(true);
      for (const [expected, found] of resumed(all, parts, "windows-1252")) expect(found === expected).toBe(true);
      expect(Buffer.concat(parts.map(({ stored }) => stored ?? Buffer.alloc(0))).equals(all)).toBe(true);
      expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(3 * 64 * 1024);
    }
  });

  it("holds back the end of a line from its first byte that is not ASCII while the text grows", () => {
    const log = Buffer.concat([Buffer.from("one\ntwo gr"), latin1("öß")]);
    expect(decode([log], { growing: true }).text).toBe("one\ntwo gr");
    expect(decode([log]).text).toBe("one\ntwo größ");
  });
});
