import { describe, expect, it } from "vitest";
import { byteSource, readAll } from "../../test/fakes/byte-source.ts";
import { peek } from "./peek.ts";

describe("peek", () => {
  it("returns the first piece and yields it again, without reading another", async () => {
    const source = byteSource(["one", "two"]);
    const { head, whole } = await peek(source);
    expect(Buffer.from(head).toString()).toBe("one");
    expect(source.asked).toBe(1);
    expect((await readAll(whole)).text).toBe("onetwo");
  });

  it("reads until enough has arrived, skipping empty pieces", async () => {
    const { head, whole } = await peek(byteSource(["", "a", "", "b", "c"]), (bytes) => bytes.length >= 2);
    expect(Buffer.from(head).toString()).toBe("ab");
    expect((await readAll(whole)).text).toBe("abc");
  });

  it("returns what there is if the source ends first", async () => {
    const { head, whole } = await peek(byteSource([]));
    expect(head.length).toBe(0);
    expect((await readAll(whole)).text).toBe("");
  });

  it("keeps an error for the reader, after the bytes before it", async () => {
    const failure = new Error("broken");
    const { head, whole } = await peek(byteSource(["ab", failure]), (bytes) => bytes.length > 10);
    expect(head.length).toBe(2);
    expect(await readAll(whole)).toMatchObject({ text: "ab", error: failure });
  });

  it("closes the source when its reader leaves before the first piece", async () => {
    const source = byteSource(["one", "two"]);
    const { whole } = await peek(source);
    await whole.return?.();
    expect(source.closed).toBe(true);
    expect((await whole.next()).done).toBe(true);
  });
});
