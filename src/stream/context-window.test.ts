import { describe, expect, it } from "vitest";
import { createContextWindow } from "./context-window.ts";

const line = (number: number, bytes: Uint8Array | undefined) => ({
  number,
  bytes,
  prefix: undefined,
  timeBefore: undefined,
});
const numbers = (window: ReturnType<typeof createContextWindow>) => {
  const taken: number[] = [];
  for (let next = window.take(); next !== undefined; next = window.take()) taken.push(next.number);
  return taken;
};

describe("createContextWindow", () => {
  it("holds the last lines, fewer where they are long", () => {
    const window = createContextWindow(3, 10);
    for (let number = 1; number <= 9; number += 1) window.add(line(number, Buffer.from("abc")));
    expect(numbers(window)).toEqual([7, 8, 9]);
    for (const [number, text] of ["abc", "abcdef", "abc", "ab"].entries()) window.add(line(number, Buffer.from(text)));
    expect(numbers(window)).toEqual([2, 3]);
    window.add(line(1, Buffer.from("more than it holds")));
    expect(window.first).toBeUndefined();
  });

  it("keeps no line in front that is never sent", () => {
    const window = createContextWindow(3);
    window.add(line(1, undefined));
    expect(window.first).toBeUndefined();
    window.add(line(2, Buffer.from("a")));
    window.add(line(3, undefined));
    window.add(line(4, Buffer.from("b")));
    window.add(line(5, Buffer.from("c")));
    expect(numbers(window)).toEqual([4, 5]);
  });

  it("keeps none of the text that a line came in", () => {
    const window = createContextWindow(2);
    const text = Buffer.from("one\ntwo\n");
    window.add(line(1, text.subarray(0, 4)));
    window.own();
    window.add(line(2, text.subarray(4)));
    window.own();
    text.fill("x");
    expect([window.take(), window.take()].map((held) => Buffer.from(held?.bytes ?? "").toString())).toEqual([
      "one\n",
      "two\n",
    ]);
  });

  it("takes lines for ever", () => {
    const window = createContextWindow(2);
    for (let number = 1; number <= 1000; number += 1) {
      window.add(line(number, Buffer.from("a")));
      window.own();
    }
    expect(numbers(window)).toEqual([999, 1000]);
  });
});
