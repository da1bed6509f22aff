import { describe, expect, it } from "vitest";
import { byteSource, createGate } from "../../test/fakes/byte-source.ts";
import { createWaits } from "../../test/fakes/waits.ts";
import { untilQuiet } from "./until-quiet.ts";

const never = new AbortController().signal;

describe("a log that is read until it is quiet", () => {
  it("is passed on as it comes, to its end, and leaves no timer", async () => {
    const waits = createWaits();
    const pieces: string[] = [];
    for await (const piece of untilQuiet(byteSource(["a", "b"]), 60_000, waits.wait, never)) {
      pieces.push(Buffer.from(piece).toString());
    }
    expect(pieces).toEqual(["a", "b"]);
    await waits.untilNone();
  });

  it("is left once nothing came for so long, though its read goes on", async () => {
    const waits = createWaits();
    const source = byteSource(["a", createGate<string>().opened]);
    const pieces = untilQuiet(source, 60_000, waits.wait, never);
    await pieces.next();
    const next = pieces.next();
    await waits.until((ms) => ms === 60_000);
    waits.pass((ms) => ms === 60_000);
    expect((await next).done).toBe(true);
  });

  it("fails with it", async () => {
    const failure = new Error("broken");
    const pieces = untilQuiet(byteSource(["a", failure]), 60_000, createWaits().wait, never);
    await pieces.next();
    await expect(pieces.next()).rejects.toBe(failure);
  });
});
