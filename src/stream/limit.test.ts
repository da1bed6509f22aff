import { describe, expect, it } from "vitest";
import { byteSource, readAll } from "../../test/fakes/byte-source.ts";
import { limitBytes, SizeLimit } from "./limit.ts";

describe("limitBytes", () => {
  it("lets a log of exactly the limit pass", async () => {
    expect(await readAll(limitBytes(byteSource(["abc", "de"]), 5))).toMatchObject({ text: "abcde", error: undefined });
  });

  it("gives out what fits, then says the limit and closes the source", async () => {
    const source = byteSource(["abc", "def", "never"]);
    const { text, error } = await readAll(limitBytes(source, 5));
    expect(text).toBe("abcde");
    expect(error).toBeInstanceOf(SizeLimit);
    expect(error).toMatchObject({ maxBytes: 5, message: "The log is larger than 5 bytes." });
    expect(source).toMatchObject({ closed: true, asked: 2 });
  });

  it("does not cut a character", async () => {
    expect((await readAll(limitBytes(byteSource(["é"]), 1))).pieces).toEqual([]);
    expect((await readAll(limitBytes(byteSource(["aaé"]), 3))).text).toBe("aa");
    expect((await readAll(limitBytes(byteSource(["aaaaé"]), 5))).text).toBe("aaaa");
  });
});
