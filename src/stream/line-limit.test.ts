import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutLength } from "./characters.ts";
import { createLimit } from "./line-limit.ts";

const take = (limit: ReturnType<typeof createLimit>, text: string) =>
  Buffer.from(limit.take({ bytes: Buffer.from(text) }).bytes).toString();

describe("createLimit", () => {
  it("ends behind the last line that was asked for, as soon as it is whole", () => {
    const limit = createLimit({ lines: 2 });
    expect(take(limit, "a\nb")).toBe("a\nb");
    expect(limit.reached).toBe(false);
    expect(take(limit, "c\nd\n")).toBe("c\n");
    expect(limit.reached).toBe(true);
    expect(take(limit, "e\n")).toBe("");
    expect(limit.sent).toEqual({ lines: 2, bytes: 5 });
  });

  it("ends with a whole character, though there would be room for a part of the next", () => {
    const limit = createLimit({ bytes: 4 });
    expect(take(limit, "aé😀")).toBe("aé");
    expect(limit.reached).toBe(true);
    expect(take(limit, "b")).toBe("");
  });

  it("limits nothing unless asked", () => {
    const limit = createLimit({});
    const text = { bytes: Buffer.from("a\nb\n"), other: "kept" };
    expect(limit.take(text)).toBe(text);
    expect(limit.reached).toBe(false);
  });

  it("goes on from what was sent before", () => {
    expect(createLimit({ lines: 3 }, { lines: 3, bytes: 10 }).reached).toBe(true);
    expect(take(createLimit({ lines: 3 }, { lines: 2, bytes: 10 }), "a\nb\n")).toBe("a\n");
  });

  it("cuts the runs with the lines", () => {
    const text = {
      bytes: Buffer.from("a\nb\nc\nd\n"),
      runs: [
        { firstLine: 3, count: 2, context: true },
        { firstLine: 9, count: 2, context: false },
      ],
    };
    expect(createLimit({ lines: 3 }).take(text).runs).toEqual([
      text.runs[0],
      { firstLine: 9, count: 1, context: false },
    ]);
    expect(createLimit({ bytes: 1 }).take(text).runs).toEqual([{ firstLine: 3, count: 1, context: true }]);
    expect(createLimit({ bytes: 4 }).take(text).runs).toEqual([text.runs[0]]);
  });

  it("takes the same however the text is cut, and also where it goes on in another limit", () => {
    const letters = fc.array(fc.constantFrom("a", "é", "😀", "\n"), { maxLength: 30 });
    const most = fc.option(fc.nat(20), { nil: undefined });
    fc.assert(
      fc.property(fc.array(letters), most, most, fc.boolean(), (pieces, lines, bytes, anew) => {
        const options = { ...(lines === undefined ? {} : { lines }), ...(bytes === undefined ? {} : { bytes }) };
        let limit = createLimit(options);
        let sent = "";
        for (const piece of pieces) {
          sent += take(limit, piece.join(""));
          // A character that did not fit is not seen again by a limit that goes on from there.
          if (anew && !limit.reached) limit = createLimit(options, limit.sent);
        }
        const whole = pieces.map((piece) => piece.join("")).join("");
        const inLines = whole
          .split(/(?<=\n)/)
          .slice(0, lines)
          .join("");
        const buffer = Buffer.from(inLines);
        expect(sent).toBe(buffer.subarray(0, cutLength(buffer, bytes ?? buffer.length)).toString());
      }),
    );
  });
});
