import { describe, expect, it } from "vitest";
import { ContextLines } from "./context-lines.ts";

const line = (number: number, bytes: Uint8Array | undefined) => ({
  number,
  bytes,
  prefix: undefined,
  timeBefore: undefined,
});
const numbers = (lines: ContextLines) => {
  const taken: number[] = [];
  for (let next = lines.take(); next !== undefined; next = lines.take()) taken.push(next.number);
  return taken;
};

describe("ContextLines", () => {
  it("holds the last lines, fewer if they are long", () => {
    const lines = new ContextLines(3, 10);
    for (let number = 1; number <= 9; number += 1) lines.add(line(number, Buffer.from("abc")));
    expect(numbers(lines)).toEqual([7, 8, 9]);
    for (const [number, text] of ["abc", "abcdef", "abc", "ab"].entries()) lines.add(line(number, Buffer.from(text)));
    expect(numbers(lines)).toEqual([2, 3]);
    lines.add(line(1, Buffer.from("more than it holds")));
    expect(lines.first).toBeUndefined();
  });

  it("keeps no line at the front that is never sent", () => {
    const lines = new ContextLines(3);
    lines.add(line(1, undefined));
    expect(lines.first).toBeUndefined();
    lines.add(line(2, Buffer.from("a")));
    lines.add(line(3, undefined));
    lines.add(line(4, Buffer.from("b")));
    lines.add(line(5, Buffer.from("c")));
    expect(numbers(lines)).toEqual([4, 5]);
  });

  it("keeps no memory of the text that a line was part of", () => {
    const lines = new ContextLines(2);
    const text = Buffer.from("one\ntwo\n");
    lines.add(line(1, text.subarray(0, 4)));
    lines.own();
    lines.add(line(2, text.subarray(4)));
    lines.own();
    text.fill("x");
    expect([lines.take(), lines.take()].map((held) => Buffer.from(held?.bytes ?? "").toString())).toEqual([
      "one\n",
      "two\n",
    ]);
  });

  it("accepts lines without end", () => {
    const lines = new ContextLines(2);
    for (let number = 1; number <= 1000; number += 1) {
      lines.add(line(number, Buffer.from("a")));
      lines.own();
    }
    expect(numbers(lines)).toEqual([999, 1000]);
  });
});
