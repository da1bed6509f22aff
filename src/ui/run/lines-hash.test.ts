import { expect, it } from "vitest";
import { hashOfLines, parseLines } from "./lines-hash.ts";

it.each([
  ["#L120", { first: 120, last: 120 }],
  ["#L120-L140", { first: 120, last: 140 }],
  ["#L120-140", { first: 120, last: 140 }],
  ["#L140-L120", { first: 120, last: 140 }],
  ["#L7&h=00c0ffee", { first: 7, last: 7, hash: "00c0ffee" }],
] as const)("reads %s", (hash, lines) => {
  expect(parseLines(hash)).toEqual(lines);
  expect(parseLines(hashOfLines(lines))).toEqual(lines);
});

it.each(["", "#", "#L", "#L0", "#L-1", "#Lx", "#L1&h=zz", "#L99999999999", "#first-error", "#L1-L2-L3"])(
  "finds no lines in %j",
  (hash) => {
    expect(parseLines(hash)).toBeUndefined();
  },
);
