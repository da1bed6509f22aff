import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteSource, createGate, cut, readAll } from "../../test/fakes/byte-source.ts";
import { coalesce } from "./coalesce.ts";

/** Long enough for every promise that can settle to have settled. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const textOf = (result: IteratorResult<Uint8Array>) => (result.done ? "(end)" : Buffer.from(result.value).toString());

describe("coalesce", () => {
  it("hands over in one piece what came while the consumer was busy", async () => {
    const pieces = coalesce(byteSource(["a", "b", "c", "d"]));
    expect(textOf(await pieces.next())).toBe("a");
    await settled();
    expect(textOf(await pieces.next())).toBe("bcd");
    expect(textOf(await pieces.next())).toBe("(end)");
  });

  it("asks for nothing before its consumer does", async () => {
    const source = byteSource(["a"]);
    coalesce(source);
    await settled();
    expect(source.asked).toBe(0);
  });

  it("gives out at once what is there when the source pauses", async () => {
    const gate = createGate<string>();
    const pieces = coalesce(byteSource(["a", "b", gate.opened]));
    await pieces.next();
    await settled();
    expect(textOf(await pieces.next())).toBe("b");
    const next = pieces.next();
    gate.open("c");
    expect(textOf(await next)).toBe("c");
  });

  it("begins with small pieces, each at most twice as large as the one before", async () => {
    const sizes: number[] = [];
    for await (const piece of coalesce(byteSource(["x".repeat(512 * 1024)]))) sizes.push(piece.length / 1024);
    expect(sizes.slice(0, 5)).toEqual([16, 32, 64, 128, 256]);
    expect(sizes.reduce((sum, each) => sum + each)).toBe(512);
  });

  it("stops reading ahead at the limit", async () => {
    const source = byteSource(Array.from({ length: 100 }, () => "1234"));
    const pieces = coalesce(source, 16);
    await pieces.next();
    await settled();
    expect(source.asked).toBe(5);
    expect(textOf(await pieces.next())).toBe("1234".repeat(4));
  });

  it("gives out what came before a failure first", async () => {
    const failure = new Error("broken");
    const pieces = coalesce(byteSource(["a", "b", failure]));
    await pieces.next();
    await settled();
    expect(textOf(await pieces.next())).toBe("b");
    await expect(pieces.next()).rejects.toBe(failure);
    expect((await pieces.next()).done).toBe(true);
  });

  it("lets its consumer leave while a read is pending, and closes the source once it settles", async () => {
    const gate = createGate<Error>();
    const source = byteSource(["a", gate.opened]);
    const pieces = coalesce(source);
    await pieces.next();
    const pending = pieces.next();
    await pieces.return?.();
    expect((await pending).done).toBe(true);
    expect(source.closed).toBe(false);
    // That this is not an unhandled rejection is part of what is tested.
    gate.open(new Error("too late"));
    await settled();
    expect(source.closed).toBe(true);
    expect((await pieces.next()).done).toBe(true);
  });

  it("closes a source that is at rest when its consumer leaves", async () => {
    const source = byteSource(Array.from({ length: 10 }, () => "1234"));
    for await (const _ of coalesce(source, 4)) {
      await settled();
      break;
    }
    expect(source.closed).toBe(true);
  });

  it("gives the same bytes, cut between characters, whatever the pieces and whoever is slow", async () => {
    const steps = fc.array(fc.boolean(), { minLength: 1 });
    const text = fc.string({ unit: "binary", maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.nat(40), { minLength: 1 }),
        fc.integer({ min: 4, max: 64 }),
        steps,
        steps,
        async (whole, lengths, maxBytes, slowSource, slowConsumer) => {
          const characters = [...whole].map((each) => Buffer.from(each));
          const given = cut(Uint8Array.from(characters.keys()), lengths).map((group) =>
            Buffer.concat([...group].map((at) => characters[at] ?? Buffer.alloc(0))),
          );
          let turn = 0;
          const source = byteSource(
            (function* () {
              for (const piece of given)
                yield slowSource[turn++ % slowSource.length] ? settled().then(() => piece) : piece;
            })(),
          );
          const got: Uint8Array[] = [];
          for await (const piece of coalesce(source, maxBytes)) {
            got.push(piece);
            if (slowConsumer[got.length % slowConsumer.length]) await settled();
          }
          expect(Buffer.concat(got).toString()).toBe(whole);
          for (const piece of got) {
            expect(piece.length).toBeLessThanOrEqual(maxBytes);
            expect(() => new TextDecoder("utf-8", { fatal: true }).decode(piece)).not.toThrow();
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 20_000);

  it("holds little more than its limit of a line of 50 MB", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const source = byteSource(Array.from({ length: 800 }, () => piece));
    let got = 0;
    let most = 0;
    for await (const each of coalesce(source)) {
      got += each.length;
      await settled();
      most = Math.max(most, source.asked * piece.length - got);
    }
    expect(got).toBe(800 * piece.length);
    expect(most).toBeLessThanOrEqual(256 * 1024 + piece.length);
  });

  it("cuts one piece that is larger than the limit", async () => {
    const { pieces, text } = await readAll(coalesce(byteSource([`a${"é".repeat(10)}`]), 4));
    expect(text).toBe(`a${"é".repeat(10)}`);
    expect(pieces.map((piece) => piece.length)).toEqual([3, 4, 4, 4, 4, 2]);
  });
});
